/** Formats numbers and characters for display. */

export function percent(p: number): string {
  const value = 100 * p;
  return `${value >= 99.95 ? "100" : value >= 9.95 ? value.toFixed(0) : value >= 0.095 ? value.toFixed(1) : "<0.1"} %`;
}

/** Return a time for display. */
export function duration(milliseconds: number): string {
  return milliseconds < 999.5 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Return the surprisal of an event with probability `p` in bits; 0 if it was certain. */
export function bits(p: number): number {
  return Math.max(0, -Math.log2(p));
}

const SYMBOLS: Record<string, string> = { " ": "␣", "\n": "↵", "\t": "⇥" };
const NAMES: Record<string, string> = { " ": "space", "\n": "new line", "\t": "tab" };

/** Return a visible symbol for a character. */
export function symbolOf(character: string): string {
  return SYMBOLS[character] ?? character;
}

/** Return the name of a character, for screen readers. */
export function nameOf(character: string): string {
  return NAMES[character] ?? character;
}
