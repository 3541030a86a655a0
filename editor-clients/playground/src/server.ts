/** What the page asks of Foretype's language server, about its one document. */
import type { ChangeSet, Text } from "@codemirror/state";
import { Connection, type Events } from "./connection";

/** Each predictor's part in a probability, by name. */
export type Shares = Readonly<Record<string, number>>;

/** A character of the text, with the probability that it had when it came; null where nobody asked then. */
export interface Scored {
  text: string;
  probability: number | null;
  shares: Shares;
}

/** A character that may come next: its probability, and that of its being drawn at the temperature chosen. */
export interface Likely {
  text: string;
  probability: number;
  drawn: number;
  shares: Shares;
}

export interface Outlook {
  characters: Scored[];
  next: Likely[];
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

export interface Item {
  label: string;
  textEdit: { range: { start: Position; end: Position }; newText: string };
  data?: { probability: string };
  command?: Command;
}

export interface Status {
  loading: boolean;
  model: string | null;
  predictors: string[];
}

/** What the page begins with, as the server that serves it says. */
export interface Beginning {
  text: string | null;
  name: string;
  uri: string;
  settings: Record<string, unknown>;
  /** By which the editor's style sheet is let through. */
  nonce: string;
}

export interface Choices {
  temperature: number;
  seed: number;
}

const EXECUTE = "workspace/executeCommand";

export class Server {
  private readonly connection: Connection;
  private version = 1;

  constructor(
    address: URL,
    private readonly uri: string,
    events: Events,
  ) {
    this.connection = new Connection(address, events);
  }

  /** Shake hands, and open the document as it is by then. */
  async begin(text: () => Text, settings: object): Promise<void> {
    await this.connection.request("initialize", {
      processId: null,
      rootUri: null,
      clientInfo: { name: "Foretype playground" },
      capabilities: { general: { positionEncodings: ["utf-16"] } },
      initializationOptions: settings,
    });
    this.connection.notify("initialized", {});
    const document = { uri: this.uri, languageId: "plaintext", version: this.version, text: text().toString() };
    this.connection.notify("textDocument/didOpen", { textDocument: document });
  }

  /** Tell of an edit of `before`. */
  change(before: Text, changes: ChangeSet): void {
    const contentChanges: object[] = [];
    changes.iterChanges((from, to, _from, _to, inserted) => {
      // The last one first: none of them moves those that are still to come.
      contentChanges.unshift({ range: range(before, from, to), text: inserted.toString() });
    });
    const textDocument = { uri: this.uri, version: ++this.version };
    this.connection.notify("textDocument/didChange", { textDocument, contentChanges });
  }

  /** From now on, draw by these. */
  configure(choices: Choices): void {
    this.connection.notify("workspace/didChangeConfiguration", { settings: { foretype: choices } });
  }

  /** The ghost text at a place, or null. */
  async ghost(document: Text, at: number): Promise<Ghost | null> {
    const answer = await this.connection.request("textDocument/inlineCompletion", {
      ...this.place(document, at),
      context: { triggerKind: 2 },
    });
    return (answer as { items: Ghost[] }).items[0] ?? null;
  }

  /** What comes next at a place, and what came in a part of the text; null where somebody has asked again. */
  async outlook(document: Text, at: number, part: { from: number; to: number } | null): Promise<Outlook | null> {
    const argument = {
      uri: this.uri,
      position: position(document, at),
      range: part && range(document, part.from, part.to),
    };
    return (await this.execute({ command: "foretype.outlook", arguments: [argument] })) as Outlook | null;
  }

  async menu(document: Text, at: number): Promise<Item[]> {
    const answer = await this.connection.request("textDocument/completion", this.place(document, at));
    return (answer as { items: Item[] }).items;
  }

  async status(): Promise<Status> {
    return (await this.execute({ command: "foretype.status" })) as Status;
  }

  /** Run the command that comes with what was offered, now that so many characters of it were taken. */
  accepted(command: Command | undefined, characters: number): void {
    const [told] = command?.arguments ?? [];
    if (command && typeof told === "object") {
      void this.execute({ command: command.command, arguments: [{ ...told, characters }] });
    }
  }

  private execute(command: Command): Promise<unknown> {
    return this.connection.request(EXECUTE, command);
  }

  private place(document: Text, at: number): object {
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

/** The place in the document that a position means. */
export function offset(document: Text, { line, character }: Position): number {
  const there = document.line(Math.min(line + 1, document.lines));
  return Math.min(there.from + character, there.to);
}
