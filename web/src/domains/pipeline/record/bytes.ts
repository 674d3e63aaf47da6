import { parseExactJson } from '#shared/core/json/exact-json.ts'

/** Returns bytes from base64. */
export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

/** Returns bytes as text; what is not UTF-8 becomes a replacement character. */
export function textOf(base64: string | null): string {
  return base64 === null ? '' : new TextDecoder().decode(bytesOf(base64))
}

/** Whether bytes are text that can be shown. */
export function isText(base64: string): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(base64))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what makes it no text
    return !/[\u0000-\u0008\u000e-\u001f]/.test(text)
  } catch {
    return false
  }
}

const PER_LINE = 16

/** Returns bytes as lines of a hex dump: the offset, sixteen bytes, and those that are printable ASCII. */
export function hexLines(bytes: Uint8Array, most: number): string[] {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, most); at += PER_LINE) {
    const line = [...bytes.subarray(at, at + PER_LINE)]
    const hex = line.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const text = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(PER_LINE * 3 - 1)}  ${text}`)
  }
  return lines
}

/** Returns JSON text with indentation; the text itself if it is none. Numbers keep their digits. */
export function prettyText(text: string): string {
  const trimmed = text.trim()
  if (!/^[[{]/.test(trimmed)) return text
  try {
    const isExact = JSON.rawJSON !== undefined || !/[\d.]{16,}|\d[eE]/.test(trimmed)
    return isExact ? JSON.stringify(parseExactJson(trimmed), null, 2) : text
  } catch {
    return text
  }
}

/** Formats a number of bytes: `512 B`, `3.4 KB`. */
export function sayBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 102.4) / 10} KB`
  return `${Math.round(bytes / 104_857.6) / 10} MB`
}
