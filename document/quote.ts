// quote: a piece of what somebody wrote, safe to print inside a sentence.

/** Longest piece that is shown, UTF-16 units. */
const shownMax = 60;

/** In double quotes, cut at 60 characters, control characters and direction marks escaped. */
export function quote(text: string): string {
  const cut = text.length > shownMax ? `${text.slice(0, shownMax).toWellFormed()}…` : text.toWellFormed();
  return JSON.stringify(cut).replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
