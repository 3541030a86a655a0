/** The settings as the server is to have them. Nothing here knows VS Code. */

/** Settings of the same section that are this extension's own. */
const OWN = new Set(["path"]);

/** What the server is sent of the section `foretype`. */
export function serversOwn(section: unknown): unknown {
  if (typeof section !== "object" || section === null || Array.isArray(section)) {
    return section;
  }
  return Object.fromEntries(Object.entries(section).filter(([name]) => !OWN.has(name)));
}

/** The languages with one more, or one less. */
export function toggled(languages: readonly string[], language: string): string[] {
  return languages.includes(language) ? languages.filter((each) => each !== language) : [...languages, language];
}

/** What is wrong with a number of minutes that somebody has typed, if anything. */
export function wrongMinutes(typed: string): string | undefined {
  const minutes = Number(typed);
  return typed.trim() !== "" && Number.isFinite(minutes) && minutes > 0 ? undefined : "A number of minutes, such as 10";
}
