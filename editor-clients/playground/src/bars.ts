/** Bars of the next characters: the probability by predictor, and behind it the probability of being sampled. */
import { colour, visibleShares } from "./colours";
import { nameOf, percent, symbolOf } from "./figures";
import type { NextCharacter } from "./server";

/** Show `next` in `list`, in order, each in a copy of `row`. Rows are reused, so that their bars are animated. */
export function showBars(list: HTMLElement, row: HTMLTemplateElement, next: readonly NextCharacter[]): void {
  while (list.children.length < next.length) {
    list.append(row.content.cloneNode(true));
  }
  [...list.children].forEach((element, i) => {
    const character = next[i];
    if (character) {
      fillRow(element as HTMLElement, character);
    } else {
      element.remove();
    }
  });
}

function fillRow(row: HTMLElement, character: NextCharacter): void {
  const [symbol, drawn, bar, number] = ["kbd", ".drawn", ".bar", ".number"].map((selector) =>
    row.querySelector<HTMLElement>(selector),
  );
  if (!symbol || !drawn || !bar || !number) {
    return;
  }
  const shares = visibleShares(character.shares);
  symbol.textContent = symbolOf(character.text);
  drawn.style.width = `${100 * character.drawn}%`;
  bar.style.width = `${100 * character.probability}%`;
  number.textContent = percent(character.probability);
  row.dataset.drawn = character.drawn.toFixed(4);
  row.dataset.probability = character.probability.toFixed(4);
  const byPredictor = shares.map(({ name, share }) => `${name} ${percent(share)}`).join(", ");
  row.title = `${nameOf(character.text)}: ${percent(character.probability)} (${byPredictor}); sampled ${percent(character.drawn)}`;
  while (bar.children.length < shares.length) {
    bar.append(document.createElement("i"));
  }
  [...bar.children].forEach((part, i) => {
    const predictor = shares[i];
    if (predictor) {
      (part as HTMLElement).style.flexGrow = `${predictor.share}`;
      (part as HTMLElement).style.background = colour(predictor.name);
    } else {
      part.remove();
    }
  });
}
