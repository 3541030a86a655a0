/** Helpers for settings. Independent of the VS Code API. */

/** The settings of the section `foretype` that only this extension reads. */
const CLIENT_SETTINGS = new Set(["path"]);

/** Return the server's settings of the section `foretype`. */
export function withoutClientSettings(section: unknown): unknown {
  if (typeof section !== "object" || section === null || Array.isArray(section)) {
    return section;
  }
  return Object.fromEntries(Object.entries(section).filter(([name]) => !CLIENT_SETTINGS.has(name)));
}

/** Return the languages with `language` added, or removed if it is among them. */
export function toggled(languages: readonly string[], language: string): string[] {
  return languages.includes(language) ? languages.filter((each) => each !== language) : [...languages, language];
}

/** Return the error message for an invalid number of minutes, or undefined if it is valid. */
export function validateMinutes(input: string): string | undefined {
  const minutes = Number(input);
  const isValid = input.trim() !== "" && Number.isFinite(minutes) && minutes > 0;
  return isValid ? undefined : "Enter a number of minutes, such as 10";
}
