/** Decodes a piece of a URL; undefined when it is not well encoded. */
export function decodeUrlText(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
