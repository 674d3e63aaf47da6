const TWO_POW_32 = 4_294_967_296
const CHUNK = 512
/** Shorter byte fields are copied into the current chunk, others are used as they are. */
const COPY_BELOW = 512

/**
 * Builds one message, of one version of its API, as a list of buffers ready for a gathering write.
 * Record batches are not copied.
 */
export class Writer {
  readonly version: number
  /** Flexible versions (KIP-482) have compact lengths and tagged fields. */
  readonly flexible: boolean
  readonly #parts: Buffer[] = []
  #chunk = Buffer.allocUnsafe(CHUNK)
  #start = 0
  #at = 0
  #flushed = 0

  constructor(wire: { version: number; flexible: boolean }) {
    this.version = wire.version
    this.flexible = wire.flexible
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#flushed + this.#at - this.#start
  }

  int8(value: number): void {
    this.#at = this.#room(1).writeInt8(value, this.#at)
  }

  int16(value: number): void {
    this.#at = this.#room(2).writeInt16BE(value, this.#at)
  }

  int32(value: number): void {
    this.#at = this.#room(4).writeInt32BE(value, this.#at)
  }

  int64(value: number): void {
    const high = Math.floor(value / TWO_POW_32)
    const chunk = this.#room(8)
    chunk.writeInt32BE(high, this.#at)
    this.#at = chunk.writeUInt32BE(value - high * TWO_POW_32, this.#at + 4)
  }

  uvarint(value: number): void {
    const chunk = this.#room(5)
    let rest = value
    while (rest > 0x7f) {
      this.#at = chunk.writeUInt8((rest & 0x7f) | 0x80, this.#at)
      rest = Math.floor(rest / 128)
    }
    this.#at = chunk.writeUInt8(rest, this.#at)
  }

  bytes(value: Buffer): void {
    if (value.length < COPY_BELOW) {
      value.copy(this.#room(value.length), this.#at)
      this.#at += value.length
      return
    }
    this.#flush()
    this.#parts.push(value)
    this.#flushed += value.length
  }

  utf8(value: string, length: number): void {
    this.#room(length).write(value, this.#at, 'utf8')
    this.#at += length
  }

  /** Returns the message. The writer cannot be used afterwards. */
  finish(): Buffer[] {
    this.#flush()
    return this.#parts
  }

  #room(length: number): Buffer {
    if (this.#at + length > this.#chunk.length) {
      this.#flush()
      this.#chunk = Buffer.allocUnsafe(Math.max(CHUNK, length))
      this.#start = 0
      this.#at = 0
    }
    return this.#chunk
  }

  #flush(): void {
    if (this.#at === this.#start) return
    this.#parts.push(this.#chunk.subarray(this.#start, this.#at))
    this.#flushed += this.#at - this.#start
    this.#start = this.#at
  }
}
