/** The elements of the page, by their ids. */

/** Return the element; throws an error if the page has none of this kind. */
export function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`the page has no ${id}`);
  }
  return found;
}

export function show(id: string, text: string): void {
  element(id, HTMLElement).textContent = text;
}
