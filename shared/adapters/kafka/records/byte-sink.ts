import { Buffer } from 'node:buffer'
import { UnreadableRecords } from './unreadable-records.ts'

/** Copies of up to so many bytes are made in a loop: a call costs more than they do. */
const SHORT = 24

/**
 * Collects decompressed bytes, at most `most` of them. Its room grows with what is written, so that a stream that claims
 * to hold much takes no memory for it. Every method throws UnreadableRecords instead of writing beyond a bound.
 */
export class ByteSink {
  readonly #most: number
  #bytes: Buffer
  #length = 0

  constructor(most: number, expected: number) {
    this.#most = most
    this.#bytes = Buffer.allocUnsafe(Math.min(most, Math.max(expected, 1024)))
  }

  get length(): number {
    return this.#length
  }

  /** Appends `source[from, to)`. */
  append(source: Uint8Array, from: number, to: number): void {
    if (to > source.length) throw new UnreadableRecords('it ends in the middle of its bytes')
    let into = this.#grow(to - from)
    const bytes = this.#bytes
    if (to - from > SHORT) bytes.set(source.subarray(from, to), into)
    else for (let index = from; index < to; index += 1) bytes[into++] = source[index] ?? 0
  }

  /** Appends `length` bytes of its own, from `distance` before the end on; none of them is before `first`. */
  repeat(distance: number, length: number, first = 0): void {
    let from = this.#length - distance
    if (distance < 1 || from < first) throw new UnreadableRecords('it repeats bytes that it does not have')
    let into = this.#grow(length)
    const bytes = this.#bytes
    const end = into + length
    // What is repeated may overlap with what is written, and is then repeated itself.
    if (distance >= length && length > SHORT) bytes.copyWithin(into, from, from + length)
    else while (into < end) bytes[into++] = bytes[from++] ?? 0
  }

  /** Returns all of it, as a view. */
  take(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Returns where the bytes to write begin. */
  #grow(count: number): number {
    const at = this.#length
    const length = at + count
    if (length > this.#most)
      throw new UnreadableRecords(`it holds more than ${this.#most} bytes`, { isTooLarge: true })
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#most, Math.max(length, 2 * this.#bytes.length)))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    this.#length = length
    return at
  }
}
