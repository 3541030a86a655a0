/** The output of `foretype stats --json` as a Markdown page. Independent of the VS Code API. */

export interface StatisticsRow {
  readonly day: string;
  readonly language: string;
  readonly editor: string;
  readonly shown: number;
  readonly accepted: number;
  readonly characters: number;
  readonly saved: number;
}

type Figure = "shown" | "accepted" | "characters" | "saved";
const FIGURES: readonly Figure[] = ["shown", "accepted", "characters", "saved"];
type Sums = Record<Figure, number>;

/** Parse the program's output. Throws if it is invalid. */
export function parseStatistics(output: string): StatisticsRow[] {
  const rows: unknown = JSON.parse(output);
  if (!Array.isArray(rows) || !rows.every(isRow)) {
    throw new Error("the output of foretype stats is invalid");
  }
  return rows;
}

function isRow(row: unknown): row is StatisticsRow {
  const fields = row as Record<string, unknown> | null;
  const isText = (name: string): boolean => typeof fields?.[name] === "string";
  return ["day", "language", "editor"].every(isText) && FIGURES.every((name) => typeof fields?.[name] === "number");
}

export function renderStatistics(rows: readonly StatisticsRow[], days: number): string {
  const heading = `# Foretype statistics\n\nThe last ${days} days on this machine.\n`;
  if (rows.length === 0) {
    return `${heading}\nNo suggestions yet: open a file and type. The figures are saved once a minute.\n`;
  }
  const all = sumOf(rows);
  const saved = `**${number(all.saved)} keys saved**: ${number(all.accepted)} accepted suggestions inserted ${number(all.characters)} characters.\n`;
  const newestFirst = ([one]: [string, Sums], [other]: [string, Sums]): number => other.localeCompare(one);
  const mostFirst = ([, one]: [string, Sums], [, other]: [string, Sums]): number => other.saved - one.saved;
  return [
    heading,
    saved,
    table("Day", grouped(rows, (row) => row.day).sort(newestFirst)),
    table("Language", grouped(rows, (row) => row.language || "unknown").sort(mostFirst)),
    table("Editor", grouped(rows, (row) => row.editor || "unknown").sort(mostFirst)),
    "*Shown* counts ghost texts and menus; *keys saved* is the accepted characters less a key for each suggestion.\n",
  ].join("\n");
}

function table(heading: string, groups: readonly [string, Sums][]): string {
  const lines = groups.map(
    ([name, sums]) => `| ${cell(name)} | ${FIGURES.map((figure) => number(sums[figure])).join(" | ")} |`,
  );
  return [
    `| ${heading} | Shown | Accepted | Characters | Keys saved |`,
    "| :-- | --: | --: | --: | --: |",
    ...lines,
    "",
  ].join("\n");
}

function grouped(rows: readonly StatisticsRow[], nameOf: (row: StatisticsRow) => string): [string, Sums][] {
  const names = [...new Set(rows.map(nameOf))];
  return names.map((name) => [name, sumOf(rows.filter((row) => nameOf(row) === name))]);
}

function sumOf(rows: readonly StatisticsRow[]): Sums {
  const sums: Sums = { shown: 0, accepted: 0, characters: 0, saved: 0 };
  for (const row of rows) {
    for (const figure of FIGURES) {
      sums[figure] += row[figure];
    }
  }
  return sums;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function number(value: number): string {
  return value.toLocaleString("en");
}
