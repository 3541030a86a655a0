/** The replay: an ideal typist types a text again, and accepts ghost text whenever it is right. */
import type { EditorView } from "@codemirror/view";
import { firstWord, ghostOf, type GhostCommands } from "./ghost";

/** Milliseconds between two keys at least, so that people can follow. */
const PAUSE = 50;
/** Milliseconds that an accepted text is shown for. */
const PAUSE_AFTER_ACCEPTING = 220;
/** Characters that an accepted text has at least, as in `foretype evaluate`. */
const MIN_CHARACTERS = 2;

export interface ReplayEvents {
  /** Returns once the ghost text at the cursor is known. */
  settled: () => Promise<void>;
  onAccept: (isAll: boolean) => void;
}

export class Replay {
  private isPaused = false;
  private hasEnded = false;
  /** The part of the text that is still to be typed. */
  private rest = "";
  private wake: () => void = () => undefined;

  constructor(
    private readonly view: EditorView,
    private readonly commands: GhostCommands,
    private readonly events: ReplayEvents,
  ) {}

  get paused(): boolean {
    return this.isPaused;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.wake();
  }

  /** End before the end of the text. With `keepsText`, the rest of it is put in at once. */
  stop(keepsText: boolean): void {
    this.hasEnded = true;
    this.wake();
    if (keepsText) {
      this.view.dispatch({ changes: { from: this.view.state.doc.length, insert: this.rest } });
    }
  }

  /** Type `text` into the empty editor; return whether all of it was typed. */
  async run(text: string): Promise<boolean> {
    this.rest = text;
    while (this.rest !== "") {
      await this.events.settled();
      await this.whilePaused();
      if (this.hasEnded) {
        return false;
      }
      const done = text.length - this.rest.length;
      if (this.view.state.doc.toString() !== text.slice(0, done)) {
        this.stop(true); // somebody else types
        return false;
      }
      const pause = this.press(this.rest) ? PAUSE_AFTER_ACCEPTING : PAUSE;
      this.rest = text.slice(this.view.state.doc.length);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    return true;
  }

  /** Press one key; return whether it accepted ghost text. */
  private press(rest: string): boolean {
    const ghost = ghostOf(this.view.state);
    const isRight = (part: string) => Array.from(part).length >= MIN_CHARACTERS && rest.startsWith(part);
    const isAll = isRight(ghost);
    if (isAll || isRight(firstWord(ghost))) {
      (isAll ? this.commands.all : this.commands.word)(this.view);
      this.events.onAccept(isAll);
      return true;
    }
    const [key = ""] = Array.from(rest);
    const at = this.view.state.doc.length;
    this.view.dispatch({
      changes: { from: at, insert: key },
      selection: { anchor: at + key.length },
      scrollIntoView: true,
      userEvent: "input.type",
    });
    return false;
  }

  private async whilePaused(): Promise<void> {
    while (this.isPaused && !this.hasEnded) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
