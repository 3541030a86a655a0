/**
 * Which ghost text was taken, and how much of it.
 *
 * VS Code runs an item's command where all of the item was taken, and says nothing where a word or a line of it was.
 * It does not say either how much of the item had been typed before. The text tells: what goes in at the place of an
 * offer, is how that offer goes on, and is more than one key puts there, was taken.
 */

/** An edit of a document, as VS Code tells it: in places of the text before. */
export interface Change {
  readonly offset: number;
  readonly removed: number;
  readonly text: string;
}

interface Offer {
  readonly id: number;
  readonly uri: string;
  /** Where it goes on, behind what is in the text of it already. */
  offset: number;
  before: string;
  rest: string;
  /** What the last edit has put in of it. */
  entered: string;
}

interface Taken {
  readonly offers: ReadonlySet<number>;
  readonly uri: string;
  readonly characters: number;
  readonly cancel: () => void;
}

/** Runs something later, and returns how to call that off. */
export type Later = (act: () => void) => () => void;

/** Offers of one document that are followed at a time: VS Code may still show one after it got the next. */
const FOLLOWED = 8;

export class Offers {
  private offers: Offer[] = [];
  private taken: Taken[] = [];
  private last = 0;

  /** `onPart` is told of each part that was taken and that no command came for. */
  constructor(
    private readonly onPart: (uri: string, characters: number) => void,
    private readonly later: Later,
  ) {}

  /** A text is offered at a place; the number by which it is `wholly` taken. */
  offered(uri: string, offset: number, text: string): number {
    this.last += 1;
    const others = this.offers.filter((offer) => offer.uri === uri).slice(1 - FOLLOWED);
    this.offers = [...this.offers.filter((offer) => offer.uri !== uri), ...others];
    this.offers.push({ id: this.last, uri, offset, before: "", rest: unix(text), entered: "" });
    return this.last;
  }

  /** A document was edited by `changes`, which are apart from each other. */
  changed(uri: string, changes: readonly Change[], isUndoOrRedo: boolean): void {
    const followed = this.offers.filter((offer) => offer.uri !== uri || follow(offer, changes));
    this.offers = followed;
    const entered = followed.filter((offer) => offer.uri === uri && offer.entered !== "");
    const text = entered.at(-1)?.entered ?? "";
    if (text !== "" && !isUndoOrRedo && isMoreThanAKey(text)) {
      this.expect(uri, new Set(entered.map((offer) => offer.id)), characters(text));
    }
  }

  /** The command of an offer has run: how many characters of it came by that; nothing where that isn't known. */
  wholly(id: number): number | undefined {
    this.settle((taken) => taken.offers.has(id));
    const offer = this.offers.find((each) => each.id === id);
    this.offers = this.offers.filter((each) => each.uri !== offer?.uri);
    return offer?.rest === "" && offer.entered !== "" ? characters(offer.entered) : undefined;
  }

  /** The last edit was an item of the menu, though it may read like ghost text. */
  fromMenu(uri: string): void {
    this.settle((taken) => taken.uri === uri);
  }

  private expect(uri: string, offers: ReadonlySet<number>, count: number): void {
    const cancel = this.later(() => {
      this.taken = this.taken.filter((each) => each !== taken);
      this.onPart(uri, count);
    });
    const taken: Taken = { offers, uri, characters: count, cancel };
    this.taken.push(taken);
  }

  /** Something else has counted the last of these. */
  private settle(isMeant: (taken: Taken) => boolean): void {
    const taken = this.taken.findLast(isMeant);
    taken?.cancel();
    this.taken = this.taken.filter((each) => each !== taken);
  }
}

/** Move an offer along with an edit of its document; false where it has come to an end. */
function follow(offer: Offer, changes: readonly Change[]): boolean {
  const insertions = changes.map((change) => insertion(change, offer)).filter((change) => change.removed === 0);
  const here = insertions.find((change) => change.offset === offer.offset);
  const text = unix(here?.text ?? "");
  if (here === undefined || !offer.rest.startsWith(text)) {
    return false;
  }
  const before = changes.filter((change) => change.offset + change.removed < offer.offset);
  offer.offset += before.reduce((sum, change) => sum + change.text.length - change.removed, here.text.length);
  offer.before += here.text;
  offer.rest = offer.rest.slice(text.length);
  offer.entered = text;
  return true;
}

/** VS Code may put in again what is there of an offer, and the rest with it: what that comes to. */
function insertion(change: Change, offer: Offer): Change {
  const again = change.removed === 0 ? "" : offer.before.slice(-change.removed);
  const repeats = again.length === change.removed && change.text.startsWith(again);
  return repeats
    ? { offset: change.offset + change.removed, removed: 0, text: change.text.slice(again.length) }
    : change;
}

/** Not what an editor enters for a single key: a character, a pair of brackets, a line break or an indentation. */
function isMoreThanAKey(text: string): boolean {
  return characters(text) > 1 && text.trim() !== "" && !/^(\(\)|\[\]|\{\}|<>|""|''|``)$/.test(text);
}

function unix(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

/** As the server counts them. */
export function characters(text: string): number {
  return Array.from(text).length;
}
