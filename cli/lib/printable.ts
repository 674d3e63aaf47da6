// Anybody can send events: an escape sequence in a subject must not change the terminal,
// and a bidirectional override must not reorder a line.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** Returns text that is safe to print on one line of a terminal. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd')
}

/** 5821 → `5,821`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** `1 record`, `2 records`. */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}
