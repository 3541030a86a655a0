/** What `foretype stats --json` prints, as a page for people. Nothing here knows VS Code. */

export interface Row {
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
type Sum = Record<Figure, number>;

/** The rows in what the program has printed; raises where that is something else. */
export function readRows(printed: string): Row[] {
  const rows: unknown = JSON.parse(printed);
  if (!Array.isArray(rows) || !rows.every(isRow)) {
    throw new Error("these are no statistics");
  }
  return rows;
}

function isRow(row: unknown): row is Row {
  const fields = row as Record<string, unknown> | null;
  const isText = (name: string): boolean => typeof fields?.[name] === "string";
  return ["day", "language", "editor"].every(isText) && FIGURES.every((name) => typeof fields?.[name] === "number");
}

export function page(rows: readonly Row[], days: number): string {
  const heading = `# What Foretype has saved you\n\nThe last ${days} days, on this machine.\n`;
  if (rows.length === 0) {
    return `${heading}\nNothing was offered yet: open a file, and type. Figures are kept once a minute.\n`;
  }
  const all = sumOf(rows);
  const saved = `**${number(all.saved)} keys**: ${number(all.characters)} characters came by taking ${number(all.accepted)} offers.\n`;
  const newestFirst = ([one]: [string, Sum], [other]: [string, Sum]): number => other.localeCompare(one);
  const mostFirst = ([, one]: [string, Sum], [, other]: [string, Sum]): number => other.saved - one.saved;
  return [
    heading,
    saved,
    table("Day", grouped(rows, (row) => row.day).sort(newestFirst)),
    table("Language", grouped(rows, (row) => row.language || "not named").sort(mostFirst)),
    table("Editor", grouped(rows, (row) => row.editor || "not named").sort(mostFirst)),
    "*Shown* counts answers with ghost text or a menu, *saved* the characters taken less the keys that took them.\n",
  ].join("\n");
}

function table(heading: string, groups: readonly [string, Sum][]): string {
  const lines = groups.map(
    ([name, sum]) => `| ${cell(name)} | ${FIGURES.map((figure) => number(sum[figure])).join(" | ")} |`,
  );
  return [
    `| ${heading} | Shown | Taken | Characters | Keys saved |`,
    "| :-- | --: | --: | --: | --: |",
    ...lines,
    "",
  ].join("\n");
}

function grouped(rows: readonly Row[], nameOf: (row: Row) => string): [string, Sum][] {
  const names = [...new Set(rows.map(nameOf))];
  return names.map((name) => [name, sumOf(rows.filter((row) => nameOf(row) === name))]);
}

function sumOf(rows: readonly Row[]): Sum {
  const sum: Sum = { shown: 0, accepted: 0, characters: 0, saved: 0 };
  for (const row of rows) {
    for (const figure of FIGURES) {
      sum[figure] += row[figure];
    }
  }
  return sum;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function number(value: number): string {
  return value.toLocaleString("en");
}
