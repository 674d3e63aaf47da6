import type { Buffer } from 'node:buffer'
import { UnreadableRecords } from './unreadable-records.ts'

/** A cursor over the records of a batch. Byte fields are views, not copies. Throws UnreadableRecords past the end. */
export class RecordCursor {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Zigzag, up to ten bytes, as a number: offsets and times are far below 2^53. */
  varlong(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.#bytes[this.#advance(1)] ?? 0
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    throw new UnreadableRecords('a variable-length integer has more than ten bytes')
  }

  skip(length: number): void {
    this.#advance(length)
  }

  /** Length VARINT · bytes; a negative length is null. */
  nullable(): Buffer | null {
    const length = this.varlong()
    if (length < 0) return null
    const at = this.#advance(length)
    return this.#bytes.subarray(at, at + length)
  }

  /** Length VARINT · UTF-8; what is not UTF-8 becomes U+FFFD, as in Java. */
  text(): string {
    return this.nullable()?.toString() ?? ''
  }

  #advance(length: number): number {
    const at = this.#at
    if (length < 0 || length > this.#bytes.length - at)
      throw new UnreadableRecords(`${length} bytes expected, ${this.#bytes.length - at} left`)
    this.#at += length
    return at
  }
}
