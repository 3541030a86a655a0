/** The page: an editor with Foretype's suggestions, and the probabilities behind them. */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { showBars } from "./bars";
import { colour, predictors, setPredictors } from "./colours";
import { ghostText, showGhost } from "./ghost";
import { figuresOf, firstUnscored, heatMap, scoredBefore, setScores, totalScore } from "./heatMap";
import { menu } from "./menu";
import { LanguageServer, type PageOptions, type Status } from "./server";
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

let server: LanguageServer | null = null;
/** The number of the newest request: results of older ones are dropped. */
let newestRequest = 0;

const options = await fetchOptions();
const text = options.text ?? WELCOME;
const view = new EditorView({
  parent: element("editor", HTMLDivElement),
  state: EditorState.create({
    doc: text,
    selection: { anchor: text.length },
    extensions: [
      EditorView.cspNonce.of(options.nonce),
      history(),
      ghostText((ghost, characters) => server?.reportAccepted(ghost.command, characters)),
      menu(() => server),
      keymap.of([...defaultKeymap, ...historyKeymap]),
      heatMap,
      placeholder("Write here"),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({
        "aria-label": "Your text",
        "aria-describedby": "keys",
        spellcheck: "false",
        autocorrect: "off",
        autocapitalize: "off",
      }),
      EditorView.domEventHandlers({ compositionend: requestAll }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) {
          server?.didChange(update.startState.doc, update.changes);
        }
        if (update.docChanged || update.selectionSet) {
          requestAll();
        }
      }),
    ],
  }),
});

/** Request ghost text and probabilities for the text and the cursor, except during the composition of a character. */
function requestAll(): void {
  newestRequest += 1;
  if (server && !view.composing) {
    void updateGhost(server, newestRequest).catch(ignore);
    void updateOutlook(server, newestRequest).catch(ignore);
  }
}

/** Ignore the error of a request: the connection was closed, which the page shows, or the request was invalid. */
function ignore(error: unknown): void {
  console.debug(error);
}

async function updateGhost(from: LanguageServer, request: number): Promise<void> {
  const start = performance.now();
  const ghost = await from.ghostText(view.state.doc, view.state.selection.main.head);
  if (request === newestRequest) {
    show("latency", `${(performance.now() - start).toFixed(0)} ms`);
    view.dispatch({ effects: showGhost.of(ghost) });
  }
}

/** Update the next characters and the scores of the text, one range after the other. */
async function updateOutlook(from: LanguageServer, request: number): Promise<void> {
  for (;;) {
    const { doc, selection } = view.state;
    const part = firstUnscored(view.state);
    const outlook = await from.outlook(doc, selection.main.head, part);
    if (predictors().length === 0) {
      showPredictors(await from.status());
    }
    if (request !== newestRequest || !outlook) {
      return;
    }
    if (part) {
      view.dispatch({ effects: setScores.of({ from: part.from, characters: outlook.characters }) });
    }
    showBars(bars, row, outlook.next);
    showFigures();
    if (outlook.characters.length === 0 || !firstUnscored(view.state)) {
      return;
    }
  }
}

function show(id: string, text: string): void {
  element(id, HTMLElement).textContent = text;
}

function showFigures(): void {
  const { characters, bits } = totalScore(view.state);
  show("bits", characters > 0 ? (bits / characters).toFixed(2) : "–");
  show("characters", `${characters.toLocaleString("en")} character${characters === 1 ? "" : "s"}`);
  const before = scoredBefore(view.state, view.state.selection.main.head);
  element("before", HTMLDivElement).replaceChildren(...(before ? [figuresOf(before)] : []));
}

/** Show the active predictors with their colours, and the model. */
function showPredictors(status: Status): void {
  setPredictors(status.predictors);
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

function onSliderInput(): void {
  show("temperature-value", temperature.valueAsNumber.toFixed(2));
  show("seed-value", seed.value);
  seed.disabled = temperature.valueAsNumber === 0;
  server?.configure({ temperature: temperature.valueAsNumber, seed: seed.valueAsNumber });
  requestAll();
}

/** Show that the server has ended. The text stays on the page. */
function onClose(reason: string): void {
  server = null;
  newestRequest += 1;
  view.dispatch({ effects: showGhost.of(null) });
  show("why", reason === "" ? "The server has ended." : `The server has ended: ${reason}.`);
  element("gone", HTMLDivElement).hidden = false;
  document.body.classList.add("ended");
}

async function fetchOptions(): Promise<PageOptions> {
  try {
    return (await (await fetch("beginning.json")).json()) as PageOptions;
  } catch {
    // The server has ended; the connection will report it.
    return { text: null, name: "", uri: "", settings: {}, nonce: "" };
  }
}

function connect(): void {
  view.focus();
  show("name", options.name);
  const address = new URL("lsp", location.href);
  address.protocol = "ws:";
  const opening = new LanguageServer(address, options.uri, {
    onOpen: () => {
      const sampling = { temperature: temperature.valueAsNumber, seed: seed.valueAsNumber };
      // The text is read when the document is opened, with the characters typed until then.
      void opening.initialize(() => view.state.doc, { ...options.settings, ...sampling }).then(() => {
        server = opening;
        requestAll();
      }, ignore);
    },
    onClose,
    onNotification: (method, params) => {
      if (method === "window/showMessage") {
        show("said", (params as { message: string }).message);
      }
    },
  });
}

temperature.addEventListener("input", onSliderInput);
seed.addEventListener("input", onSliderInput);
tints.addEventListener("change", () => document.body.classList.toggle("plain", !tints.checked));
connect();
