import { Buffer } from 'node:buffer'

// One text for each value: otherwise a signature could be changed and stay valid.

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const HEX = /^(?:[0-9a-f]{2})+$/i

/** Returns the bytes of canonical base64, or null. `Buffer` alone would accept two texts for the same bytes. */
export function decodeBase64(text: string): Buffer | null {
  if (text === '' || !BASE64.test(text)) return null
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

/** Returns the bytes of hex that is all lower case or all upper case, or null. */
export function decodeHex(text: string): Buffer | null {
  if (!HEX.test(text) || (text !== text.toLowerCase() && text !== text.toUpperCase())) return null
  return Buffer.from(text, 'hex')
}
