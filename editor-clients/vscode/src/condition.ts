/** How it is with Foretype, here and now, and how that looks in the status bar. Nothing here knows VS Code. */

export interface Learning {
  readonly what: "reading" | "training";
  /** Of 100. */
  readonly percent: number;
}

/** Of the server. */
export type ServerState =
  | { readonly kind: "starting" }
  | { readonly kind: "running"; readonly version: string }
  | { readonly kind: "failed"; readonly why: string };

/** What the server answers to `foretype.status`. */
export interface ServerStatus {
  readonly loading: boolean;
  readonly model: string | null;
  readonly predictors: readonly string[];
  readonly problems: readonly string[];
  readonly accepted: Readonly<Record<string, number>>;
}

/** Where the user is writing. */
export interface Place {
  readonly scheme: string;
  readonly languageId: string;
  readonly bytes: number;
}

export interface Choice {
  readonly enable: boolean;
  readonly disabledLanguages: readonly string[];
  readonly maxFileSize: number;
}

export interface Facts {
  readonly server: ServerState;
  readonly status?: ServerStatus | undefined;
  readonly learning?: Learning | undefined;
  readonly place?: Place | undefined;
  readonly choice: Choice;
}

export type Condition =
  | { readonly kind: "starting" }
  | { readonly kind: "ready"; readonly status?: ServerStatus | undefined; readonly version: string }
  | { readonly kind: "learning"; readonly learning: Learning }
  | { readonly kind: "off"; readonly why: string }
  | { readonly kind: "error"; readonly why: string };

/** The schemes of documents in which something is offered: what a user writes, not what programs print. */
export const SCHEMES: readonly string[] = ["file", "untitled"];

export function condition(facts: Facts): Condition {
  const { server, status, learning, place, choice } = facts;
  if (server.kind === "failed") {
    return { kind: "error", why: server.why };
  }
  const why = whyOff(place, choice);
  if (why !== undefined) {
    return { kind: "off", why };
  }
  if (server.kind === "starting" || status?.loading === true) {
    return { kind: "starting" };
  }
  if (status !== undefined && status.problems.length > 0) {
    return { kind: "error", why: status.problems.join(" ") };
  }
  return learning ? { kind: "learning", learning } : { kind: "ready", status, version: server.version };
}

function whyOff(place: Place | undefined, choice: Choice): string | undefined {
  if (!choice.enable) {
    return "turned off everywhere (foretype.enable)";
  }
  if (place === undefined) {
    return undefined;
  }
  if (!SCHEMES.includes(place.scheme)) {
    return "this is not a file of yours";
  }
  if (choice.disabledLanguages.includes(place.languageId)) {
    return `turned off for ${place.languageId} (foretype.languages.disabled)`;
  }
  if (place.bytes > choice.maxFileSize) {
    return `this file is larger than ${megabytes(choice.maxFileSize)} (foretype.maxFileSize)`;
  }
  return undefined;
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${bytes} bytes` : `${Math.round(bytes / 1e5) / 10} MB`;
}

/** How a condition looks. */
export interface Face {
  readonly text: string;
  readonly tooltip: string;
  readonly alarm: boolean;
}

const DOINGS = { reading: "reading the workspace", training: "training on your text" } as const;

export function face(of: Condition): Face {
  switch (of.kind) {
    case "starting":
      return { text: "$(loading~spin) Foretype", tooltip: "Foretype is starting", alarm: false };
    case "ready":
      return {
        text: "$(sparkle) Foretype",
        tooltip: `Foretype ${of.version} is ready${told(of.status)}`,
        alarm: false,
      };
    case "learning": {
      const { what, percent } = of.learning;
      return { text: `$(sync~spin) Foretype ${percent} %`, tooltip: `Foretype is ${DOINGS[what]}`, alarm: false };
    }
    case "off":
      return { text: "$(circle-slash) Foretype", tooltip: `Foretype is off here: ${of.why}`, alarm: false };
    case "error":
      return { text: "$(error) Foretype", tooltip: `Foretype: ${of.why}`, alarm: true };
  }
}

function told(status: ServerStatus | undefined): string {
  if (status === undefined) {
    return "";
  }
  const model =
    status.model
      ?.split(/[\\/]/)
      .at(-1)
      ?.replace(/\.onnx$/, "") ?? "none";
  const taken = ["ghost", "word", "character"].reduce((sum, kind) => sum + (status.accepted[kind] ?? 0), 0);
  return [
    "",
    `model: ${model}`,
    `predictors: ${status.predictors.join(", ")}`,
    `taken in this window: ${taken} offers, ${status.accepted.characters ?? 0} characters`,
  ].join("\n");
}

/** What `$/progress` of the server is about. */
export function learningOf(title: string): Learning["what"] | undefined {
  if (title.includes("training")) {
    return "training";
  }
  return title.includes("reading") ? "reading" : undefined;
}
