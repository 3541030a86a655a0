/** Foretype's status in the active editor, and its view in the status bar. Independent of the VS Code API. */

/** A long operation of the server. */
export interface Activity {
  readonly kind: "indexing" | "training";
  /** Percentage done, 0 to 100. */
  readonly percent: number;
}

export type ServerState =
  | { readonly kind: "starting" }
  | { readonly kind: "running"; readonly version: string }
  | { readonly kind: "failed"; readonly reason: string };

/** The result of `foretype.status`. */
export interface ServerStatus {
  readonly loading: boolean;
  /** The file of the model that completes the active document. */
  readonly model: string | null;
  /** The Python interpreter that runs the server. */
  readonly python: string;
  readonly predictors: readonly string[];
  readonly problems: readonly string[];
  readonly accepted: AcceptedCounts;
  readonly speed: Speed | null;
}

/** The accepted suggestions of each kind, and their characters. */
export type AcceptedCounts = Readonly<Record<string, number>>;

/** The last answers. */
export interface Speed {
  /** Milliseconds. */
  readonly last: number;
  readonly median: number;
  /** Bytes of text that the predictors read or try in a second. */
  readonly stepsPerSecond: number;
}

export function sumOf(some: AcceptedCounts, others: AcceptedCounts): AcceptedCounts {
  const names = new Set([...Object.keys(some), ...Object.keys(others)]);
  return Object.fromEntries([...names].map((name) => [name, (some[name] ?? 0) + (others[name] ?? 0)]));
}

export interface ActiveDocument {
  readonly scheme: string;
  readonly languageId: string;
  readonly bytes: number;
}

/** The settings that turn suggestions off. */
export interface EnablingSettings {
  readonly enable: boolean;
  readonly disabledLanguages: readonly string[];
  readonly maxFileSize: number;
  /** Whether the workspace's settings, and not the user's, turn suggestions off. */
  readonly isOffInWorkspace?: boolean;
}

export interface StatusInputs {
  readonly server: ServerState;
  readonly serverStatus?: ServerStatus | undefined;
  readonly activity?: Activity | undefined;
  readonly document?: ActiveDocument | undefined;
  /** The end of a pause. */
  readonly snoozedUntil?: Date | undefined;
  readonly settings: EnablingSettings;
}

export type Status =
  | { readonly kind: "starting" }
  | { readonly kind: "ready"; readonly serverStatus?: ServerStatus | undefined; readonly version: string }
  | { readonly kind: "busy"; readonly activity: Activity }
  | { readonly kind: "off"; readonly reason: string }
  | { readonly kind: "error"; readonly reason: string };

/**
 * The schemes of documents with suggestions, not of the output of programs: files, new files, earlier versions in git,
 * cells of notebooks, and the message of a commit.
 */
export const SCHEMES: readonly string[] = ["file", "untitled", "git", "vscode-notebook-cell", "vscode-scm"];

export function computeStatus(inputs: StatusInputs): Status {
  const { server, serverStatus, activity, document, settings, snoozedUntil } = inputs;
  if (server.kind === "failed") {
    return { kind: "error", reason: server.reason };
  }
  const reason = reasonOff(document, settings) ?? describePause(snoozedUntil);
  if (reason !== undefined) {
    return { kind: "off", reason };
  }
  if (server.kind === "starting" || serverStatus?.loading === true) {
    return { kind: "starting" };
  }
  if (serverStatus !== undefined && serverStatus.problems.length > 0) {
    return { kind: "error", reason: serverStatus.problems.join(" ") };
  }
  return activity ? { kind: "busy", activity } : { kind: "ready", serverStatus, version: server.version };
}

/** Return the reason why the document has no suggestions, or undefined if it has. */
function reasonOff(document: ActiveDocument | undefined, settings: EnablingSettings): string | undefined {
  if (!settings.enable) {
    return `turned off ${settings.isOffInWorkspace === true ? "for this workspace" : "everywhere"} (foretype.enable)`;
  }
  if (document === undefined) {
    return undefined;
  }
  if (!SCHEMES.includes(document.scheme)) {
    return "this document is not a file";
  }
  if (settings.disabledLanguages.includes(document.languageId)) {
    return `turned off for ${document.languageId} (foretype.languages.disabled)`;
  }
  if (document.bytes > settings.maxFileSize) {
    return `this file is larger than ${formatBytes(settings.maxFileSize)} (foretype.maxFileSize)`;
  }
  return undefined;
}

function describePause(until: Date | undefined): string | undefined {
  return until && `snoozed until ${until.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
}

function formatBytes(bytes: number): string {
  return bytes < 1e6 ? `${bytes} bytes` : `${Math.round(bytes / 1e5) / 10} MB`;
}

/** The contents of the status bar item. */
export interface StatusView {
  readonly text: string;
  readonly tooltip: string;
  readonly isError: boolean;
}

const ACTIVITIES = { indexing: "reading the workspace", training: "training on your text" } as const;

export function statusView(status: Status): StatusView {
  switch (status.kind) {
    case "starting":
      return { text: "$(loading~spin) Foretype", tooltip: "Foretype is starting", isError: false };
    case "ready":
      return {
        text: "$(sparkle) Foretype",
        tooltip: `Foretype ${status.version} is ready${describeServer(status.serverStatus)}`,
        isError: false,
      };
    case "busy": {
      const { kind, percent } = status.activity;
      return { text: `$(sync~spin) Foretype ${percent} %`, tooltip: `Foretype is ${ACTIVITIES[kind]}`, isError: false };
    }
    case "off":
      return { text: "$(circle-slash) Foretype", tooltip: `Foretype is off here: ${status.reason}`, isError: false };
    case "error":
      return { text: "$(error) Foretype", tooltip: `Foretype: ${status.reason}`, isError: true };
  }
}

function describeServer(status: ServerStatus | undefined): string {
  if (status === undefined) {
    return "";
  }
  const model =
    status.model
      ?.split(/[\\/]/)
      .at(-1)
      ?.replace(/\.onnx$/, "") ?? "none";
  const count = ["ghost", "word", "character"].reduce((sum, kind) => sum + (status.accepted[kind] ?? 0), 0);
  return [
    "",
    `model: ${model}`,
    `predictors: ${status.predictors.join(", ")}`,
    `suggestions accepted in this window: ${count} (${status.accepted.characters ?? 0} characters)`,
    ...(status.speed ? [describeSpeed(status.speed)] : []),
  ].join("\n");
}

function describeSpeed({ last, median, stepsPerSecond }: Speed): string {
  const steps = stepsPerSecond.toLocaleString("en", { maximumSignificantDigits: 2 });
  return `time of a suggestion: ${milliseconds(last)}, usually ${milliseconds(median)} (${steps} bytes a second)`;
}

function milliseconds(duration: number): string {
  return `${duration < 10 ? duration.toFixed(1) : duration.toFixed(0)} ms`;
}

/** Return the kind of activity that a `$/progress` title of the server announces, or undefined for other titles. */
export function activityKind(title: string): Activity["kind"] | undefined {
  if (title.includes("training")) {
    return "training";
  }
  return title.includes("reading") ? "indexing" : undefined;
}
