/** Below U+0300 nothing is composed of several characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is that of all characters that need no composing
const SIMPLE = /^[\u0000-\u02ff]*$/

/**
 * Returns a text as searches compare it: in lower case and composed (NFC, https://www.unicode.org/reports/tr15/), so that
 * the ü of macOS's file names (u and two dots) is the ü of a keyboard. What is searched and what is searched for both go
 * through it.
 */
export function foldText(text: string): string {
  if (SIMPLE.test(text)) return text.toLowerCase()
  // Lower case may take a composed character apart, as that of İ.
  return text.normalize('NFC').toLowerCase().normalize('NFC')
}
