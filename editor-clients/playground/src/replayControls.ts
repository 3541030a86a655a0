/** The buttons of the replay. */
import type { EditorView } from "@codemirror/view";
import { element, show } from "./elements";
import type { GhostCommands } from "./ghost";
import type { KeyCount } from "./keyCount";
import { Replay } from "./replay";

/** Milliseconds for which the button of a key that the replay presses is marked. */
const FLASH = 250;
const STOPPED = "The replay was stopped; the rest of the text is put in.";

export interface Stage {
  view: EditorView;
  commands: GhostCommands;
  keyCount: KeyCount;
  /** Empty the editor, and have predictors that know nothing of its text. */
  clear: () => void;
  /** Returns once the ghost text at the cursor is known. */
  settled: () => Promise<void>;
}

export class ReplayControls {
  private readonly replayButton = element("replay", HTMLButtonElement);
  private readonly stopButton = element("stop", HTMLButtonElement);
  private current: Replay | null = null;

  constructor(private readonly stage: Stage) {
    this.replayButton.addEventListener("click", () => {
      this.toggle();
    });
    this.stopButton.addEventListener("click", () => {
      this.stop(true);
    });
  }

  enable(isEnabled: boolean): void {
    this.replayButton.disabled = !isEnabled;
  }

  /** End the replay, if one is under way. With `keepsText`, the rest of its text is put in. */
  stop(keepsText: boolean): void {
    if (this.current) {
      this.current.stop(keepsText);
      this.finish(STOPPED);
    }
  }

  /** Start, pause or resume. */
  private toggle(): void {
    if (!this.current) {
      void this.run().catch((error: unknown) => {
        console.debug(error);
      });
    } else if (this.current.paused) {
      this.current.resume();
    } else {
      this.current.pause();
    }
    this.update();
  }

  private async run(): Promise<void> {
    const { view, commands, keyCount, clear, settled } = this.stage;
    const text = view.state.doc.toString();
    if (text.trim() === "") {
      show("said", "There is no text to replay: write or choose one.");
      return;
    }
    clear();
    const replay = new Replay(view, commands, { settled, onAccept: flash });
    this.current = replay;
    this.update();
    const isWhole = await replay.run(text);
    if (this.current === replay) {
      this.finish(isWhole ? `Replayed: ${keyCount.keys} keys for ${keyCount.characters} characters.` : STOPPED);
    }
  }

  private finish(message: string): void {
    this.current = null;
    this.update();
    show("said", message);
  }

  private update(): void {
    this.replayButton.textContent = !this.current ? "Replay" : this.current.paused ? "Resume" : "Pause";
    this.stopButton.hidden = !this.current;
  }
}

/** Mark the button of a key. */
function flash(isAll: boolean): void {
  const button = element(isAll ? "accept" : "accept-word", HTMLButtonElement);
  button.classList.add("pressed");
  setTimeout(() => {
    button.classList.remove("pressed");
  }, FLASH);
}
