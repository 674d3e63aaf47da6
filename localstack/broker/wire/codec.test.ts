import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  arrayOf,
  between,
  boolean,
  bytes,
  type Codec,
  int8,
  int16,
  int32,
  int64,
  nullableArray,
  nullableBytes,
  nullableString,
  optional,
  since,
  string,
  struct,
  until,
  uuid,
} from './codec.ts'
import { MalformedRequestError, Reader } from './reader.ts'
import { Writer } from './writer.ts'

const wires = fc.constantFrom({ version: 3, flexible: false }, { version: 3, flexible: true })
const safeInteger = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })

function encode<W>(
  codec: { write(writer: Writer, value: W): void },
  value: W,
  wire: { version: number; flexible: boolean },
): Buffer {
  const writer = new Writer(wire)
  codec.write(writer, value)
  const length = writer.length
  const encoded = Buffer.concat(writer.finish())
  expect(encoded.length).toBe(length)
  return encoded
}

function roundTrips<T>(codec: Codec<T>, values: fc.Arbitrary<T>): void {
  fc.assert(
    fc.property(values, wires, (value, wire) => {
      const reader = new Reader(encode(codec, value, wire), wire)
      expect(codec.read(reader)).toEqual(value)
      expect(reader.remaining).toBe(0)
    }),
  )
}

const buffers = fc.uint8Array({ maxLength: 2000 }).map((value) => Buffer.from(value))

describe('the primitive types', () => {
  it('read back every integer that was written', () => {
    roundTrips(int8, fc.integer({ min: -128, max: 127 }))
    roundTrips(int16, fc.integer({ min: -32_768, max: 32_767 }))
    roundTrips(int32, fc.integer())
    roundTrips(int64, safeInteger)
    roundTrips(boolean, fc.boolean())
  })

  it('read back every string and byte field, including null, in both length encodings', () => {
    roundTrips(string, fc.string({ unit: 'binary', maxLength: 3000 }))
    roundTrips(nullableString, fc.option(fc.string({ unit: 'grapheme' })))
    roundTrips(bytes, buffers)
    roundTrips(nullableBytes, fc.option(buffers))
    roundTrips(
      uuid,
      fc.uint8Array({ minLength: 16, maxLength: 16 }).map((id) => Buffer.from(id).toString('hex')),
    )
  })

  it('write int64 as two’s complement', () => {
    const encoded = encode(int64, -2, { version: 0, flexible: false })

    expect(encoded.toString('hex')).toBe('fffffffffffffffe')
  })

  it('write a compact string with its length plus one', () => {
    const encoded = encode(string, 'ab', { version: 0, flexible: true })

    expect(encoded).toEqual(Buffer.from([3, 97, 98]))
  })

  it('refuse null where a value is required', () => {
    const reader = new Reader(Buffer.from([0xff, 0xff]), { version: 0, flexible: false })

    expect(() => string.read(reader)).toThrow(MalformedRequestError)
  })
})

const sample = struct({
  always: int32,
  added: since(2, nullableString, 'none'),
  removed: until(1, int8, -1),
  middle: between(1, 2, boolean, true),
  list: arrayOf({ name: string, more: since(2, int16, 7) }),
  maybe: nullableArray(int32),
  defaulted: optional(int32, 9),
})

describe('a struct', () => {
  it('reads the fields of its version and returns defaults for the others', () => {
    const value = {
      always: 1,
      added: 'x',
      removed: 5,
      middle: false,
      list: [{ name: 'n', more: 3 }],
      maybe: null,
    }

    const read = [0, 1, 2, 3].map((version) => {
      const wire = { version, flexible: version === 3 }
      return sample.read(new Reader(encode(sample, value, wire), wire))
    })

    expect(read.map(({ added, removed, middle, list }) => [added, removed, middle, list[0]?.more])).toEqual([
      ['none', 5, true, 7],
      ['none', 5, false, 7],
      ['x', -1, false, 3],
      ['x', -1, true, 3],
    ])
    expect(read.every(({ maybe, defaulted }) => maybe === null && defaulted === 9)).toBe(true)
  })

  it('skips unknown tagged fields', () => {
    const tagged = Buffer.from([0, 0, 0, 5, /* two tags */ 2, 0, 1, 0xaa, 9, 2, 0xbb, 0xcc])
    const reader = new Reader(tagged, { version: 0, flexible: true })

    expect(struct({ field: int32 }).read(reader)).toEqual({ field: 5 })
    expect(reader.remaining).toBe(0)
  })

  it('refuses an array longer than the message before it allocates anything', () => {
    const reader = new Reader(Buffer.from('7fffffff00', 'hex'), { version: 0, flexible: false })

    expect(() => nullableArray(int8).read(reader)).toThrow(MalformedRequestError)
  })
})

describe('the writer', () => {
  it('does not copy long byte fields', () => {
    const records = Buffer.alloc(10_000, 1)
    const writer = new Writer({ version: 0, flexible: false })

    bytes.write(writer, records)

    expect(writer.finish()).toContain(records)
  })
})
