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

  /** End before the end of the text. */
  stop(): void {
    this.hasEnded = true;
    this.wake();
  }

  /** Type `text` at the end of the editor; return whether all of it was typed. */
  async run(text: string): Promise<boolean> {
    const start = this.view.state.doc.length;
    for (let done = 0; done < text.length; ) {
      await this.events.settled();
      await this.whilePaused();
      if (this.hasEnded || this.view.state.sliceDoc(start) !== text.slice(0, done)) {
        return false;
      }
      const pause = this.press(text.slice(done)) ? PAUSE_AFTER_ACCEPTING : PAUSE;
      done = this.view.state.doc.length - start;
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
