/** The page: an editor with Foretype's suggestions, and the probabilities behind them. */
import { startCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, isolateHistory } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { type Command, EditorView, keymap } from "@codemirror/view";
import { predictors } from "./colours";
import { element, show } from "./elements";
import { EXAMPLES, WELCOME_TEXT } from "./examples";
import { duration } from "./figures";
import { ghostCommands, ghostOf, ghostText, showGhost } from "./ghost";
import { figuresOf, heatMap, nextUnscored, outdateScores, scoredBefore, setScores, totalScore } from "./heatMap";
import { KeyCount } from "./keyCount";
import { menu } from "./menu";
import { markStale, showCharacters, showWords } from "./nextBars";
import { draw } from "./picture";
import { PredictorSwitches } from "./predictorSwitches";
import { ReplayControls } from "./replayControls";
import { savePicture } from "./saving";
import { LanguageServer, type PageOptions } from "./server";

/** The most milliseconds that a replay waits for the bars and tints of a key. */
const MAX_BARS_WAIT = 250;

const temperature = element("temperature", HTMLInputElement);
const seed = element("seed", HTMLInputElement);
const tints = element("tints", HTMLInputElement);
const examples = element("example", HTMLSelectElement);

/** What the page has open on its server. */
interface Sitting {
  uri: string;
  language: string;
  /** Whether it is a demonstration: not the user's own typing, so neither learnt from nor counted. */
  isDemo: boolean;
}

/** The server of the open document; null while it starts, and after its end. */
let server: LanguageServer | null = null;
/** The newest connection, which may still be opening. */
let opening: LanguageServer | null = null;
let hasEnded = false;
let sittings = 0;
let sitting: Sitting;
/** The number of the newest request: results of older ones are dropped. */
let newestRequest = 0;
/** The newest request for which the predictors are loaded: its time is no usual one. */
let untimedRequest = 0;
let ghostSettled: Promise<unknown> = Promise.resolve();
let barsSettled: Promise<unknown> = Promise.resolve();
let started: Promise<void> = Promise.resolve();
/** The bits per character before the last switch of a predictor or model. */
let bitsBefore = "";

const keyCount = new KeyCount();
const options = await fetchOptions();
const commands = ghostCommands((ghost, characters) => server?.reportAccepted(ghost.command, characters));
const switches = new PredictorSwitches(rescore);
const text = options.text ?? WELCOME_TEXT;
const view = new EditorView({
  parent: element("editor", HTMLDivElement),
  state: EditorState.create({
    doc: text,
    selection: { anchor: text.length },
    extensions: [
      EditorView.cspNonce.of(options.nonce),
      history(),
      ghostText(commands),
      menu(() => server),
      keymap.of([...defaultKeymap, ...historyKeymap]),
      heatMap,
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
          update.transactions.forEach((transaction) => {
            keyCount.add(transaction);
          });
          bitsBefore = "";
          showKeys();
        }
        if (update.docChanged || update.selectionSet) {
          requestAll();
        }
        showGhostButtons();
      }),
    ],
  }),
});

const replay = new ReplayControls({
  view,
  commands,
  keyCount,
  clear: () => {
    begin("", { uri: newUri(), language: sitting.language, isDemo: true });
  },
  settled,
});

/** Request ghost text and probabilities for the text and the cursor, except during the composition of a character. */
function requestAll(): void {
  newestRequest += 1;
  markStale();
  if (server && !view.composing) {
    const [from, request] = [server, newestRequest];
    ghostSettled = updateGhost(from, request).catch(ignore);
    const words = ghostSettled.then(() => updateWords(from, request)).catch(ignore);
    barsSettled = Promise.all([words, updateOutlook(from, request).catch(ignore)]);
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
    // The first request waits until the predictors are loaded.
    const isTimed = request !== untimedRequest;
    show("latency", isTimed ? duration(performance.now() - start) : "–");
    view.dispatch({ effects: showGhost.of(ghost) });
  }
}

async function updateWords(from: LanguageServer, request: number): Promise<void> {
  if (request !== newestRequest) {
    return;
  }
  const items = await from.completions(view.state.doc, view.state.selection.main.head);
  if (request === newestRequest) {
    showWords(view, from, items);
  }
}

/** Update the next characters and the scores of the text, one range after the other. */
async function updateOutlook(from: LanguageServer, request: number): Promise<void> {
  for (;;) {
    const { doc, selection } = view.state;
    const part = nextUnscored(view.state);
    const outlook = await from.outlook(doc, selection.main.head, part);
    if (predictors().length === 0) {
      await fillControls(from);
      requestAll(); // the bars of this text had no colours yet
      return;
    }
    if (request !== newestRequest || !outlook) {
      return;
    }
    if (part) {
      view.dispatch({ effects: setScores.of({ from: part.from, characters: outlook.characters }) });
    }
    showCharacters(view, outlook.next);
    showFigures();
    if (outlook.characters.length === 0 || !nextUnscored(view.state)) {
      return;
    }
  }
}

function showFigures(): void {
  const { characters, bits } = totalScore(view.state);
  const count = `${characters.toLocaleString("en")} character${characters === 1 ? "" : "s"}`;
  show("bits", characters > 0 ? (bits / characters).toFixed(2) : "–");
  show("characters", bitsBefore === "" ? count : `${bitsBefore} before`);
  const scored = scoredBefore(view.state, view.state.selection.main.head);
  element("before", HTMLDivElement).replaceChildren(...(scored ? [figuresOf(scored)] : []));
}

function showKeys(): void {
  const { saved, keys, characters } = keyCount;
  show("saved", saved === null ? "–" : `${Math.round(100 * saved)} %`);
  show("keys-pressed", saved === null ? "type to count" : `${keys} keys for ${characters}`);
}

function showGhostButtons(): void {
  const isShown = ghostOf(view.state) !== "";
  for (const id of ["accept", "accept-word", "dismiss"]) {
    element(id, HTMLButtonElement).ariaDisabled = `${!isShown}`;
  }
}

/** Show the predictors and the models; from now on the controls work. */
async function fillControls(from: LanguageServer): Promise<void> {
  const [status, models] = await Promise.all([from.status(), from.models()]);
  if (predictors().length > 0) {
    return;
  }
  switches.fill(status, models, (options.settings.predictors ?? {}) as Record<string, Record<string, unknown>>);
  enableDemo(!hasEnded);
}

function enableDemo(isEnabled: boolean): void {
  examples.disabled = !isEnabled;
  replay.enable(isEnabled);
}

/** Return all settings of the page's controls, beside those that the page began with. */
function settings(): object {
  const sampling = { temperature: temperature.valueAsNumber, seed: seed.valueAsNumber };
  return { ...options.settings, ...sampling, ...switches.settings(sitting.isDemo) };
}

function onSliderInput(): void {
  show("temperature-value", temperature.valueAsNumber.toFixed(2));
  show("seed-value", seed.value);
  seed.disabled = temperature.valueAsNumber === 0;
  server?.configure(settings());
  requestAll();
}

/** Ask again for everything, after a switch of the predictors or the model. */
function rescore(): void {
  const isScored = !nextUnscored(view.state);
  bitsBefore = isScored ? element("bits", HTMLElement).textContent : "";
  server?.configure(settings());
  view.dispatch({ effects: outdateScores.of(null) });
  untimedRequest = newestRequest + 1;
  requestAll();
}

/** Show that the server has ended. The text stays on the page. */
function onClose(reason: string): void {
  server = null;
  hasEnded = true;
  newestRequest += 1;
  replay.stop(true);
  view.dispatch({ effects: showGhost.of(null) });
  show("why", reason === "" ? "The server has ended." : `The server has ended: ${reason}.`);
  element("gone", HTMLDivElement).hidden = false;
  enableDemo(false);
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

/** Connect to a new server, whose predictors know nothing of the page's earlier texts. */
function connect(next: Sitting): void {
  opening?.close();
  server = null;
  newestRequest += 1;
  sitting = next;
  const address = new URL("lsp", location.href);
  address.protocol = "ws:";
  started = new Promise((resolve) => {
    const connecting = new LanguageServer(address, next.uri, {
      onOpen: () => {
        const initial = next.isDemo ? { ...settings(), countUsage: false } : settings();
        // The text is read when the document is opened, with the characters typed until then.
        void connecting.initialize(() => view.state.doc, next.language, initial).then(() => {
          if (connecting === opening) {
            server = connecting;
            untimedRequest = newestRequest + 1;
            requestAll();
            resolve();
          }
        }, ignore);
      },
      onClose: (reason) => {
        if (connecting === opening) {
          onClose(reason);
          resolve();
        }
      },
      onNotification: (method, params) => {
        if (method === "window/showMessage" && connecting === opening) {
          show("said", (params as { message: string }).message);
        }
      },
    });
    opening = connecting;
  });
}

/** Replace the text, as one step that can be undone, and begin a new sitting with it. */
function begin(content: string, next: Sitting): void {
  replay.stop(false);
  server = null;
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: content },
    selection: { anchor: content.length },
    scrollIntoView: true,
    annotations: isolateHistory.of("full"),
    effects: showGhost.of(null),
  });
  keyCount.reset();
  showKeys();
  show("said", "");
  connect(next);
}

/** Return a URI that no document of this page has had. */
function newUri(): string {
  sittings += 1;
  return `untitled:playground-${sittings}`;
}

function onExample(): void {
  const example = EXAMPLES[examples.value];
  if (example) {
    begin(example.text, { uri: newUri(), language: example.language, isDemo: example.text !== "" });
  } else {
    begin(text, { uri: options.uri, language: "plaintext", isDemo: false });
  }
  show("name", example ? "" : options.name);
  view.focus();
}

/** Wait for the ghost text at the cursor, and a little for the bars and tints. */
async function settled(): Promise<void> {
  await started;
  await ghostSettled;
  await Promise.race([barsSettled, new Promise((resolve) => setTimeout(resolve, MAX_BARS_WAIT))]);
}

/** Save a picture of the text and its figures. */
async function save(kind: "png" | "svg"): Promise<void> {
  const { saved, keys, characters } = keyCount;
  const total = totalScore(view.state);
  const typed = saved === null ? [] : [`${keys} keys for ${characters} characters`];
  const figures = total.characters > 0 ? [`${(total.bits / total.characters).toFixed(2)} bits per character`] : [];
  const caption = {
    saved: saved === null ? "" : `${Math.round(100 * saved)} % of keys saved`,
    details: [...typed, [...figures, `model ${switches.model()}`].join(" · ")],
    predictors: switches.names(),
  };
  await savePicture(draw(view.state, caption, tints.checked), kind);
  show("said", `Saved as foretype.${kind}.`);
}

/** Have a button run a command; a click leaves the focus, and a phone's keyboard, in the editor. */
function onClick(id: string, command: Command): void {
  const button = element(id, HTMLButtonElement);
  button.addEventListener("click", () => {
    command(view);
  });
}

for (const [key, { name }] of Object.entries(EXAMPLES)) {
  examples.add(new Option(name, key));
}
if (options.text !== null) {
  examples.add(new Option(options.name === "" ? "Your text" : options.name, "", true, true), 0);
}
onClick("accept", commands.all);
onClick("accept-word", commands.word);
onClick("dismiss", commands.dismiss);
onClick("open-menu", (target) => {
  target.focus();
  return startCompletion(target);
});
document.querySelector("main")?.addEventListener("mousedown", (event) => {
  if (event.target instanceof Element && event.target.closest(".keys button, .bars button")) {
    event.preventDefault();
  }
});
temperature.addEventListener("input", onSliderInput);
seed.addEventListener("input", onSliderInput);
tints.addEventListener("change", () => document.body.classList.toggle("plain", !tints.checked));
examples.addEventListener("change", onExample);
element("save-png", HTMLButtonElement).addEventListener("click", () => void save("png").catch(ignore));
element("save-svg", HTMLButtonElement).addEventListener("click", () => void save("svg").catch(ignore));
show("name", options.name);
view.focus();
connect({ uri: options.uri, language: "plaintext", isDemo: false });
// The cursor, at the end of the text, and its ghost text are in view from the beginning.
view.dispatch({ effects: EditorView.scrollIntoView(text.length) });
