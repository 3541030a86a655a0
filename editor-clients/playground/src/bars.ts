/** Bars of the next words or characters: probability by predictor, and probability of sampling. */
import { colour, visibleShares } from "./colours";
import { percent } from "./figures";
import type { Shares } from "./server";

export interface Bar {
  /** The text on the bar's button. */
  label: string;
  /** The text for screen readers. */
  name: string;
  probability: number;
  /** The probability of sampling it at the chosen temperature; null if it is not known. */
  drawn: number | null;
  shares: Shares;
  /** Whether the ghost text begins with it. */
  isGhost: boolean;
  insert: () => void;
}

/** Show `bars` in `list`, each in a copy of `row`. Rows are reused: bars move, and keep the focus. */
export function showBars(list: HTMLElement, row: HTMLTemplateElement, bars: readonly Bar[]): void {
  while (list.children.length < bars.length) {
    list.append(row.content.cloneNode(true));
  }
  [...list.children].forEach((element, i) => {
    const bar = bars[i];
    if (bar) {
      fillRow(element as HTMLElement, bar);
    } else {
      element.remove();
    }
  });
}

function fillRow(row: HTMLElement, bar: Bar): void {
  const button = row.querySelector("button");
  const [label, drawn, filled, number] = [".label", ".drawn", ".bar", ".number"].map((selector) =>
    row.querySelector<HTMLElement>(selector),
  );
  if (!button || !label || !drawn || !filled || !number) {
    return;
  }
  const shares = visibleShares(bar.shares);
  label.textContent = bar.label;
  drawn.style.width = `${100 * (bar.drawn ?? 0)}%`;
  filled.style.width = `${100 * bar.probability}%`;
  number.textContent = percent(bar.probability);
  row.classList.toggle("ghosted", bar.isGhost);
  row.dataset.drawn = (bar.drawn ?? 0).toFixed(4);
  row.dataset.probability = bar.probability.toFixed(4);
  const byPredictor = shares.map(({ name, share }) => `${name} ${percent(share)}`).join(", ");
  const sampled = bar.drawn === null ? "" : `; sampled ${percent(bar.drawn)}`;
  const grey = bar.isGhost ? "; in the grey text" : "";
  row.title = `${bar.name}: ${percent(bar.probability)} (${byPredictor})${sampled}${grey}`;
  button.ariaLabel = `Insert ${row.title}`;
  button.onclick = bar.insert;
  while (filled.children.length < shares.length) {
    filled.append(document.createElement("i"));
  }
  [...filled.children].forEach((part, i) => {
    const predictor = shares[i];
    if (predictor) {
      (part as HTMLElement).style.flexGrow = `${predictor.share}`;
      (part as HTMLElement).style.background = colour(predictor.name);
    } else {
      part.remove();
    }
  });
}
