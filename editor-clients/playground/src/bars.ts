/** The next characters as bars: how probable each is, by whom, and behind that how often it would be drawn. */
import { colour, parts } from "./colours";
import { percent, spoken, visible } from "./figures";
import type { Likely } from "./server";

/** Show them in `list`, in their order, each in a copy of `row`. Rows are kept, so that their bars move. */
export function showBars(list: HTMLElement, row: HTMLTemplateElement, next: readonly Likely[]): void {
  while (list.children.length < next.length) {
    list.append(row.content.cloneNode(true));
  }
  [...list.children].forEach((one, i) => {
    const likely = next[i];
    if (likely) {
      fill(one as HTMLElement, likely);
    } else {
      one.remove();
    }
  });
}

function fill(row: HTMLElement, likely: Likely): void {
  const [sign, drawn, bar, number] = ["kbd", ".drawn", ".bar", ".number"].map((what) =>
    row.querySelector<HTMLElement>(what),
  );
  if (!sign || !drawn || !bar || !number) {
    return;
  }
  const shares = parts(likely.shares);
  sign.textContent = visible(likely.text);
  drawn.style.width = `${100 * likely.drawn}%`;
  bar.style.width = `${100 * likely.probability}%`;
  number.textContent = percent(likely.probability);
  row.dataset.drawn = likely.drawn.toFixed(4);
  row.dataset.probability = likely.probability.toFixed(4);
  const whose = shares.map(({ name, share }) => `${name} ${percent(share)}`).join(", ");
  row.title = `${spoken(likely.text)}: ${percent(likely.probability)} (${whose}); drawn ${percent(likely.drawn)}`;
  while (bar.children.length < shares.length) {
    bar.append(document.createElement("i"));
  }
  [...bar.children].forEach((part, i) => {
    const one = shares[i];
    if (one) {
      (part as HTMLElement).style.flexGrow = `${one.share}`;
      (part as HTMLElement).style.background = colour(one.name);
    } else {
      part.remove();
    }
  });
}
