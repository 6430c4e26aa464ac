// Text into markup: whatever a strategy's author or a backend's error wrote must stay text in SVG, HTML and Mermaid.

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What XML has no writing for: control characters, halves of surrogate pairs, U+FFFE and U+FFFF. */
const unwritable = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/** For text and quoted attributes of XML and HTML. */
export function escapeMarkup(text: string): string {
  return text.replace(unwritable, '\u{FFFD}').replace(/[&<>"']/g, (character) => entities[character]!);
}

/** One line of at most `charsMax` characters, the last of them `…` when it was cut. */
export function cutText(text: string, charsMax: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  // Characters, not UTF-16 units: half of an emoji is no text.
  if (line.length <= charsMax) return line;
  const characters = [...line.slice(0, 2 * charsMax + 2)];
  return characters.length <= charsMax ? line : `${characters.slice(0, charsMax - 1).join('')}…`;
}
