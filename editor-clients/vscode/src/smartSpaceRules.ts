/** When to take back the space at the end of an accepted suggestion. Independent of the VS Code API. */

/** Punctuation, closing brackets, a space or a line end right after the space. */
const FOLLOWS_WORD = /^(?:[,.;:!?)\]} ]|\r?\n)/;
const QUOTES = ['"', "'"];

/** Return whether `typed`, inserted after the space that ends `before`, stands right after a word. */
export function takesSpaceBack(typed: string, before: string): boolean {
  const quote = QUOTES.find((each) => typed === each);
  return quote === undefined ? FOLLOWS_WORD.test(typed) : before.split(quote).length % 2 === 0; // it closes one
}
