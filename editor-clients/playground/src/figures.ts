/** Numbers as people read them. */

export function percent(p: number): string {
  const value = 100 * p;
  return `${value >= 99.95 ? "100" : value >= 9.95 ? value.toFixed(0) : value >= 0.095 ? value.toFixed(1) : "<0.1"} %`;
}

/** How surprising something of that probability is: 0 where it was certain. */
export function bits(p: number): number {
  return Math.max(0, -Math.log2(p));
}

const SIGNS: Record<string, string> = { " ": "␣", "\n": "↵", "\t": "⇥" };
const NAMES: Record<string, string> = { " ": "space", "\n": "new line", "\t": "tab" };

/** A character that can be seen. */
export function visible(character: string): string {
  return SIGNS[character] ?? character;
}

/** A character that can be read out. */
export function spoken(character: string): string {
  return NAMES[character] ?? character;
}
