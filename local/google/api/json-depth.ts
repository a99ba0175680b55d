const quote = 0x22;
const backslash = 0x5c;
const opening = [0x5b, 0x7b];
const closing = [0x5d, 0x7d];

/** Tells whether JSON nests more than so many levels, without parsing it; it may be malformed. */
export function isDeeperThan(text: string, maxLevels: number): boolean {
  let levels = 0;
  let isInText = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === backslash) at += 1;
    else if (code === quote) isInText = !isInText;
    else if (!isInText && opening.includes(code)) levels += 1;
    else if (!isInText && closing.includes(code)) levels -= 1;
    if (levels > maxLevels) return true;
  }
  return false;
}
