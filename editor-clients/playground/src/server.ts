/** The language server, as the page uses it for its only document. */
import type { ChangeSet, Text } from "@codemirror/state";
import { Connection, type Events } from "./connection";

/** Each predictor's share of a probability, by name. */
export type Shares = Readonly<Record<string, number>>;

/** A character of the text and its probability before it was read; null if it was not scored then. */
export interface CharacterScore {
  text: string;
  probability: number | null;
  shares: Shares;
}

/** A possible next character: its probability, and the probability of sampling it at the chosen temperature. */
export interface NextCharacter {
  text: string;
  probability: number;
  drawn: number;
  shares: Shares;
}

export interface OutlookAnswer {
  characters: CharacterScore[];
  next: NextCharacter[];
}

interface Command {
  command: string;
  arguments?: unknown[];
}

export interface Ghost {
  insertText: string;
  command?: Command;
}

export interface Position {
  line: number;
  character: number;
}

export interface CompletionItem {
  label: string;
  textEdit: { range: { start: Position; end: Position }; newText: string };
  data?: ItemData;
  command?: Command;
}

/** The origin of an item. Fractions are strings. */
export interface ItemData {
  probability: string;
  shares: Readonly<Record<string, string>>;
  /** The text after the cursor that the item adds. */
  text: string;
}

/** A model on this machine; one of words is used by the predictor `words`. */
export interface Model {
  name: string;
  unit: "byte" | "word";
  inUse: boolean;
}

export interface Status {
  loading: boolean;
  model: string | null;
  predictors: string[];
}

/** The options with which the page starts, from beginning.json. */
export interface PageOptions {
  text: string | null;
  name: string;
  uri: string;
  settings: Record<string, unknown>;
  /** The nonce of the Content Security Policy, for the editor's style sheet. */
  nonce: string;
}

const EXECUTE = "workspace/executeCommand";

export class LanguageServer {
  private readonly connection: Connection;
  private version = 1;

  constructor(
    address: URL,
    private readonly uri: string,
    events: Events,
  ) {
    this.connection = new Connection(address, events);
  }

  /** Initialize the server, and open the document with its text at that time. */
  async initialize(text: () => Text, languageId: string, settings: object): Promise<void> {
    await this.connection.request("initialize", {
      processId: null,
      rootUri: null,
      clientInfo: { name: "Foretype playground" },
      capabilities: { general: { positionEncodings: ["utf-16"] } },
      initializationOptions: settings,
    });
    this.connection.notify("initialized", {});
    const textDocument = { uri: this.uri, languageId, version: this.version, text: text().toString() };
    this.connection.notify("textDocument/didOpen", { textDocument });
  }

  /** Send an edit of `before`. */
  didChange(before: Text, changes: ChangeSet): void {
    const contentChanges: object[] = [];
    changes.iterChanges((from, to, _from, _to, inserted) => {
      // The last change first, so that none moves the others.
      contentChanges.unshift({ range: range(before, from, to), text: inserted.toString() });
    });
    const textDocument = { uri: this.uri, version: ++this.version };
    this.connection.notify("textDocument/didChange", { textDocument, contentChanges });
  }

  /** Change the settings. */
  configure(settings: object): void {
    this.connection.notify("workspace/didChangeConfiguration", { settings: { foretype: settings } });
  }

  /** Return the ghost text at an offset, or null. */
  async ghostText(document: Text, at: number): Promise<Ghost | null> {
    const result = await this.connection.request("textDocument/inlineCompletion", {
      ...this.positionParams(document, at),
      context: { triggerKind: 2 },
    });
    return (result as { items: Ghost[] }).items[0] ?? null;
  }

  /** Return the next characters at an offset and the scores of a range; null if a newer request superseded this. */
  async outlook(document: Text, at: number, part: { from: number; to: number } | null): Promise<OutlookAnswer | null> {
    const argument = {
      uri: this.uri,
      position: position(document, at),
      range: part && range(document, part.from, part.to),
    };
    return (await this.execute({ command: "foretype.outlook", arguments: [argument] })) as OutlookAnswer | null;
  }

  async completions(document: Text, at: number): Promise<CompletionItem[]> {
    const result = await this.connection.request("textDocument/completion", this.positionParams(document, at));
    return (result as { items: CompletionItem[] }).items;
  }

  async status(): Promise<Status> {
    return (await this.execute({ command: "foretype.status" })) as Status;
  }

  async models(): Promise<Model[]> {
    return (await this.execute({ command: "foretype.models" })) as Model[];
  }

  /** End the connection, and with it this server. */
  close(): void {
    this.connection.close();
  }

  /** Run the command of a suggestion of which `characters` characters were accepted. */
  reportAccepted(command: Command | undefined, characters: number): void {
    const [argument] = command?.arguments ?? [];
    if (command && typeof argument === "object") {
      void this.execute({ command: command.command, arguments: [{ ...argument, characters }] });
    }
  }

  private execute(command: Command): Promise<unknown> {
    return this.connection.request(EXECUTE, command);
  }

  private positionParams(document: Text, at: number): object {
    return { textDocument: { uri: this.uri }, position: position(document, at) };
  }
}

function position(document: Text, at: number): Position {
  const line = document.lineAt(at);
  return { line: line.number - 1, character: at - line.from };
}

function range(document: Text, from: number, to: number): { start: Position; end: Position } {
  return { start: position(document, from), end: position(document, to) };
}

/** Return whether an item is a word, not a single character. */
export function isWord(item: CompletionItem): boolean {
  const [argument] = item.command?.arguments ?? [];
  return typeof argument === "object" && argument !== null && "kind" in argument && argument.kind === "word";
}

/** Return the offset of a position in the document. */
export function offset(document: Text, { line, character }: Position): number {
  const target = document.line(Math.min(line + 1, document.lines));
  return Math.min(target.from + character, target.to);
}
