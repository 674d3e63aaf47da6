const TWO_POW_32 = 4_294_967_296

/**
 * A cursor over the bytes of one message, of one version of its API.
 * Throws `MalformedRequestError` when it reads past the end. Byte fields are views of the message, not copies.
 */
export class Reader {
  readonly version: number
  /** Flexible versions (KIP-482) have compact lengths and tagged fields. */
  readonly flexible: boolean
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, wire: { version: number; flexible: boolean }, at = 0) {
    this.#bytes = bytes
    this.version = wire.version
    this.flexible = wire.flexible
    this.#at = at
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  get position(): number {
    return this.#at
  }

  int8(): number {
    return this.#bytes.readInt8(this.#advance(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4))
  }

  /** As a number, because offsets, timestamps and producer ids are far below 2^53. */
  int64(): number {
    const at = this.#advance(8)
    return this.#bytes.readInt32BE(at) * TWO_POW_32 + this.#bytes.readUInt32BE(at + 4)
  }

  /** Up to five bytes of seven bits, low bits first. */
  uvarint(): number {
    let value = 0
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#advance(1))
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new MalformedRequestError('a variable-length integer has more than five bytes')
  }

  /** Zigzag, up to ten bytes; used inside records. */
  varlong(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.#advance(1))
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    throw new MalformedRequestError('a variable-length integer has more than ten bytes')
  }

  bytes(length: number): Buffer {
    const at = this.#advance(length)
    return this.#bytes.subarray(at, at + length)
  }

  skip(length: number): void {
    this.#advance(length)
  }

  utf8(length: number): string {
    const at = this.#advance(length)
    return this.#bytes.toString('utf8', at, at + length)
  }

  #advance(length: number): number {
    if (length < 0 || length > this.remaining) {
      throw new MalformedRequestError(`${length} bytes expected, ${this.remaining} left`)
    }
    const at = this.#at
    this.#at += length
    return at
  }
}

/** The bytes of a request do not follow its grammar. The connection that sent them is closed. */
export class MalformedRequestError extends Error {
  readonly code = 'MALFORMED_REQUEST'
  override readonly name = 'MalformedRequestError'
}
