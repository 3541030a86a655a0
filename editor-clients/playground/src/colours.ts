/** The colours of the predictors, and the tint of a character that several of them predicted. */
import type { Shares } from "./server";

/** The number of colours in the style sheet. */
const COLOURS = 5;

let active: readonly string[] = [];

/** Set the active predictors, in their order. */
export function setPredictors(names: readonly string[]): void {
  active = names;
}

export function predictors(): readonly string[] {
  return active;
}

/** Return the CSS colour of a predictor. */
export function colour(name: string): string {
  return `var(--predictor-${Math.max(0, active.indexOf(name)) % COLOURS})`;
}

/** Return the shares of the active predictors, in their order, without those below 0.5 %. */
export function visibleShares(shares: Shares): { name: string; share: number }[] {
  return active.map((name) => ({ name, share: shares[name] ?? 0 })).filter(({ share }) => share >= 0.005);
}

/** Return the style of a character: the more probable, the deeper; the predictors' shares are stacked from below. */
export function tint(probability: number, shares: Shares): string {
  // Not proportional: a probability of 0.5 is still a good prediction.
  const depth = Math.round(100 * probability ** 0.7);
  let from = 0;
  const stops = visibleShares(shares).map(({ name, share }, i, all) => {
    const to = i + 1 === all.length ? 100 : Math.round(from + 100 * share);
    const stop = `color-mix(in oklab, ${colour(name)} calc(${depth}% * var(--deepest)), transparent) ${from}% ${to}%`;
    from = to;
    return stop;
  });
  return stops.length > 0 ? `background-image: linear-gradient(to top, ${stops.join(", ")})` : "";
}
