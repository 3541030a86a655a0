/** The colours of the predictors, and the tint of a character that several of them predicted. */
import type { Shares } from "./server";

/** The number of colours in the style sheet. */
const COLOURS = 5;

let known: readonly string[] = [];

/** Set the predictors that the page knows, in their order; each keeps its colour. */
export function setPredictors(names: readonly string[]): void {
  known = names;
}

export function predictors(): readonly string[] {
  return known;
}

/** Return the name of the CSS variable with the colour of a predictor. */
export function colourVariable(name: string): string {
  return `--predictor-${Math.max(0, known.indexOf(name)) % COLOURS}`;
}

/** Return the CSS colour of a predictor. */
export function colour(name: string): string {
  return `var(${colourVariable(name)})`;
}

/** Return the shares of the predictors, in their order, without those below 0.5 %. */
export function visibleShares(shares: Shares): { name: string; share: number }[] {
  return known.map((name) => ({ name, share: shares[name] ?? 0 })).filter(({ share }) => share >= 0.005);
}

/** Return the depth of a tint, from 0 to 1: the more probable, the deeper. */
export function depth(probability: number): number {
  // Not proportional: a probability of 0.5 is still a good prediction.
  return probability ** 0.7;
}

/** Return the predictors' parts of a character's height, stacked from below, each from 0 to 1. */
export function stacked(shares: Shares): { name: string; from: number; to: number }[] {
  let from = 0;
  return visibleShares(shares).map(({ name, share }, i, all) => {
    const to = i + 1 === all.length ? 1 : Math.min(1, from + share);
    const part = { name, from, to };
    from = to;
    return part;
  });
}

/** Return the style of a character. */
export function tint(probability: number, shares: Shares): string {
  const deepness = Math.round(100 * depth(probability));
  const stops = stacked(shares).map(({ name, from, to }) => {
    const mixed = `color-mix(in oklab, ${colour(name)} calc(${deepness}% * var(--deepest)), transparent)`;
    return `${mixed} ${Math.round(100 * from)}% ${Math.round(100 * to)}%`;
  });
  return stops.length > 0 ? `background-image: linear-gradient(to top, ${stops.join(", ")})` : "";
}
