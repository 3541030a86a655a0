/** Each predictor's colour, and how a character that several of them foresaw is tinted. */
import type { Shares } from "./server";

/** As many as the style sheet has. */
const COLOURS = 5;

let known: readonly string[] = [];

/** The predictors at work, in their order. */
export function usePredictors(names: readonly string[]): void {
  known = names;
}

export function predictors(): readonly string[] {
  return known;
}

/** A CSS colour. */
export function colour(name: string): string {
  return `var(--predictor-${Math.max(0, known.indexOf(name)) % COLOURS})`;
}

/** The shares of the known predictors, in their order, none of them negligible. */
export function parts(shares: Shares): { name: string; share: number }[] {
  return known.map((name) => ({ name, share: shares[name] ?? 0 })).filter(({ share }) => share >= 0.005);
}

/** The style of a character: the more probable, the deeper; and from below each predictor's part in it. */
export function tint(probability: number, shares: Shares): string {
  // Not in proportion: half as probable is still well foreseen.
  const depth = Math.round(100 * probability ** 0.7);
  let from = 0;
  const stops = parts(shares).map(({ name, share }, i, all) => {
    const to = i + 1 === all.length ? 100 : Math.round(from + 100 * share);
    const stop = `color-mix(in oklab, ${colour(name)} calc(${depth}% * var(--deepest)), transparent) ${from}% ${to}%`;
    from = to;
    return stop;
  });
  return stops.length > 0 ? `background-image: linear-gradient(to top, ${stops.join(", ")})` : "";
}
