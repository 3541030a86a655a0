/** The result of `foretype.explain` as a list of lines. Independent of the VS Code API. */

/** A place at which the suggested text occurs. */
export interface Source {
  /** The path of a file, or the URI of a document. */
  readonly document: string;
  /** From 1; null for typed text, which may have moved since. */
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

/** A line of the list. Choosing it opens its `source` or explains its `suggestion`. */
export interface Line {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly isHeading?: boolean;
  readonly source?: Source;
  readonly suggestion?: string;
}

export function explanationTitle({ text, probability }: Explanation): string {
  return `${quoted(text)} has a probability of ${percent(probability)}`;
}

export function explanationLines({ text, shares, sources, candidates }: Explanation): Line[] {
  const byShare = Object.entries(shares).sort(([, one], [, other]) => other - one);
  const others = candidates.filter((candidate) => candidate.text !== text);
  return [
    { label: "Predictors", isHeading: true },
    ...byShare.map(([name, share]) => ({ label: `$(symbol-misc) ${name}`, description: `${percent(share)} of it` })),
    ...section("Occurrences", sources.map(sourceLine)),
    ...section(
      "Other suggestions",
      others.map((other) => ({
        label: `$(edit) ${quoted(other.text)}`,
        description: percent(other.probability),
        suggestion: other.text,
      })),
    ),
  ];
}

function section(heading: string, lines: readonly Line[]): Line[] {
  return lines.length === 0 ? [] : [{ label: heading, isHeading: true }, ...lines];
}

function sourceLine(source: Source): Line {
  const line = { label: `$(file) ${source.where}`, detail: source.excerpt.replace(/\s+/g, " ").trim() };
  return source.line === null ? line : { ...line, source };
}

export function quoted(text: string): string {
  return `“${text.replaceAll("\n", "↵").replaceAll("\t", "⇥")}”`;
}

/** Format a probability as the server and the other editors do: at most one decimal, and never an exponent. */
export function percent(probability: number): string {
  const value = 100 * probability;
  if (value < 0.1) {
    return "<0.1 %";
  }
  return `${value.toFixed(value < 9.95 ? 1 : 0)} %`;
}
