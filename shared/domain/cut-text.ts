/** Returns how many bytes a character takes in JSON text, encoded as UTF-8. */
function bytesOf(character: string): number {
  const code = character.codePointAt(0) ?? 0
  if ('\b\t\n\f\r"\\'.includes(character)) return 2
  if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff)) return 6
  if (code < 0x80) return 1
  if (code < 0x800) return 2
  return code < 0x1_0000 ? 3 : 4
}

/**
 * Returns the longest beginning of a text that takes at most `bytes` bytes in JSON. It keeps a state bounded for
 * any text that was sent, and never splits a character.
 */
export function cutText(text: string, bytes: number): string {
  if (text.length * 6 <= bytes) return text
  let used = 0
  let end = 0
  for (const character of text) {
    used += bytesOf(character)
    if (used > bytes) return text.slice(0, end)
    end += character.length
  }
  return text
}
