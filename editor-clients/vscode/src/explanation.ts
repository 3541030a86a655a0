/** What `foretype.explain` answers, as lines to choose from. Nothing here knows VS Code. */

export interface Source {
  /** The path of a file, or the URI of a document. */
  readonly document: string;
  /** From 1; null for what was typed, which may have moved since. */
  readonly line: number | null;
  readonly column: number | null;
  readonly excerpt: string;
  readonly where: string;
}

export interface Explanation {
  readonly text: string;
  readonly probability: number;
  readonly shares: Readonly<Record<string, number>>;
  readonly sources: readonly Source[];
  readonly candidates: readonly { readonly text: string; readonly probability: number }[];
}

/** A line of the list; `source` and `other` are what choosing it leads to. */
export interface Line {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly heading?: boolean;
  readonly source?: Source;
  readonly other?: string;
}

export function title(of: Explanation): string {
  return `${quoted(of.text)} has a probability of ${percent(of.probability)}`;
}

export function lines(of: Explanation): Line[] {
  const shares = Object.entries(of.shares).sort(([, one], [, other]) => other - one);
  const others = of.candidates.filter((candidate) => candidate.text !== of.text);
  return [
    { label: "Who says so", heading: true },
    ...shares.map(([name, share]) => ({ label: `$(symbol-misc) ${name}`, description: `${percent(share)} of it` })),
    ...under("Where it has stood", of.sources.map(sourceLine)),
    ...under(
      "Also offered here",
      others.map(({ text, probability }) => ({
        label: `$(edit) ${quoted(text)}`,
        description: percent(probability),
        other: text,
      })),
    ),
  ];
}

function under(heading: string, entries: readonly Line[]): Line[] {
  return entries.length === 0 ? [] : [{ label: heading, heading: true }, ...entries];
}

function sourceLine(source: Source): Line {
  const line = { label: `$(file) ${source.where}`, detail: source.excerpt.replace(/\s+/g, " ").trim() };
  return source.line === null ? line : { ...line, source };
}

export function quoted(text: string): string {
  return `“${text.replaceAll("\n", "↵").replaceAll("\t", "⇥")}”`;
}

export function percent(probability: number): string {
  const hundredths = 100 * probability;
  return `${hundredths >= 10 || hundredths === 0 ? hundredths.toFixed(0) : hundredths.toPrecision(2)} %`;
}
