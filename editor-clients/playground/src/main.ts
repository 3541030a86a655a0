/** The page: an editor, what Foretype offers in it, and how it came to that. */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { showBars } from "./bars";
import { colour, predictors, usePredictors } from "./colours";
import { ghostText, showGhost } from "./ghost";
import { figuresOf, heat, score, scoredBefore, total, unread } from "./heat";
import { menu } from "./menu";
import { type Beginning, Server, type Status } from "./server";
import { WELCOME } from "./welcome";

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`the page has no ${id}`);
  }
  return found;
}

const bars = element("bars", HTMLOListElement);
const row = element("row", HTMLTemplateElement);
const temperature = element("temperature", HTMLInputElement);
const seed = element("seed", HTMLInputElement);
const tints = element("tints", HTMLInputElement);

let server: Server | null = null;
/** The newest question: answers to older ones come to nothing. */
let newest = 0;

const beginning = await fetchBeginning();
const text = beginning.text ?? WELCOME;
const view = new EditorView({
  parent: element("editor", HTMLDivElement),
  state: EditorState.create({
    doc: text,
    selection: { anchor: text.length },
    extensions: [
      EditorView.cspNonce.of(beginning.nonce),
      history(),
      ghostText((ghost, characters) => server?.accepted(ghost.command, characters)),
      menu(() => server),
      keymap.of([...defaultKeymap, ...historyKeymap]),
      heat,
      placeholder("Write here"),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({
        "aria-label": "Your text",
        "aria-describedby": "keys",
        spellcheck: "false",
        autocorrect: "off",
        autocapitalize: "off",
      }),
      EditorView.domEventHandlers({ compositionend: ask }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) {
          server?.change(update.startState.doc, update.changes);
        }
        if (update.docChanged || update.selectionSet) {
          ask();
        }
      }),
    ],
  }),
});

/** Ask for all that depends on the text and the cursor. While characters are composed, the text is left alone. */
function ask(): void {
  newest += 1;
  if (server && !view.composing) {
    void askForGhost(server, newest).catch(ignore);
    void askForOutlook(server, newest).catch(ignore);
  }
}

/** The connection has gone, which is told once, or a question was not understood: there is nothing to show. */
function ignore(error: unknown): void {
  console.debug(error);
}

async function askForGhost(asked: Server, question: number): Promise<void> {
  const began = performance.now();
  const ghost = await asked.ghost(view.state.doc, view.state.selection.main.head);
  if (question === newest) {
    show("latency", `${(performance.now() - began).toFixed(0)} ms`);
    view.dispatch({ effects: showGhost.of(ghost) });
  }
}

/** What comes next, and how probable what there is was: a part of the text at a time, to the end. */
async function askForOutlook(asked: Server, question: number): Promise<void> {
  for (;;) {
    const { doc, selection } = view.state;
    const part = unread(view.state);
    const outlook = await asked.outlook(doc, selection.main.head, part);
    if (predictors().length === 0) {
      introduce(await asked.status());
    }
    if (question !== newest || !outlook) {
      return;
    }
    if (part) {
      view.dispatch({ effects: score.of({ from: part.from, characters: outlook.characters }) });
    }
    showBars(bars, row, outlook.next);
    showFigures();
    if (outlook.characters.length === 0 || !unread(view.state)) {
      return;
    }
  }
}

function show(id: string, text: string): void {
  element(id, HTMLElement).textContent = text;
}

function showFigures(): void {
  const { characters, bits } = total(view.state);
  show("bits", characters > 0 ? (bits / characters).toFixed(2) : "–");
  show("characters", `${characters.toLocaleString("en")} character${characters === 1 ? "" : "s"}`);
  const before = scoredBefore(view.state, view.state.selection.main.head);
  element("before", HTMLDivElement).replaceChildren(...(before ? [figuresOf(before)] : []));
}

/** Say who is at work, and in which colour. */
function introduce(status: Status): void {
  usePredictors(status.predictors);
  const model = status.model?.split(/[\\/]/).pop()?.replace(/\.onnx$/, "");
  show("model", model === undefined ? "" : `model: ${model}`);
  const items = status.predictors.map((name) => {
    const item = document.createElement("li");
    const scale = item.appendChild(document.createElement("i"));
    scale.style.setProperty("--hue", colour(name));
    item.append(name);
    return item;
  });
  element("predictors", HTMLUListElement).replaceChildren(...items);
}

function choose(): void {
  show("temperature-value", temperature.valueAsNumber.toFixed(2));
  show("seed-value", seed.value);
  seed.disabled = temperature.valueAsNumber === 0;
  server?.configure({ temperature: temperature.valueAsNumber, seed: seed.valueAsNumber });
  ask();
}

/** There will be no more answers. What was written stays. */
function end(reason: string): void {
  server = null;
  newest += 1;
  view.dispatch({ effects: showGhost.of(null) });
  show("why", reason === "" ? "The server has ended." : `The server has ended: ${reason}.`);
  element("gone", HTMLDivElement).hidden = false;
  document.body.classList.add("ended");
}

async function fetchBeginning(): Promise<Beginning> {
  try {
    return (await (await fetch("beginning.json")).json()) as Beginning;
  } catch {
    // The server has gone, which the connection will tell.
    return { text: null, name: "", uri: "", settings: {}, nonce: "" };
  }
}

function begin(): void {
  view.focus();
  show("name", beginning.name);
  const address = new URL("lsp", location.href);
  address.protocol = "ws:";
  const one = new Server(address, beginning.uri, {
    opened: () => {
      const choices = { temperature: temperature.valueAsNumber, seed: seed.valueAsNumber };
      // What is typed until it is open is in the text that is sent.
      void one.begin(() => view.state.doc, { ...beginning.settings, ...choices }).then(() => {
        server = one;
        ask();
      }, ignore);
    },
    closed: end,
    notified: (method, params) => {
      if (method === "window/showMessage") {
        show("said", (params as { message: string }).message);
      }
    },
  });
}

temperature.addEventListener("input", choose);
seed.addEventListener("input", choose);
tints.addEventListener("change", () => document.body.classList.toggle("plain", !tints.checked));
begin();
