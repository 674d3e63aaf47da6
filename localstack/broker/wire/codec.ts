import { MalformedRequestError, type Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** How one value is read and written. `W` is what may be written: fields with a default may be omitted. */
export type Codec<R, W = R> = {
  read(reader: Reader): R
  write(writer: Writer, value: W): void
}

// The primitive types of https://kafka.apache.org/protocol#protocol_types
//   STRING          => INT16 length, UTF-8        COMPACT_STRING => UVARINT length + 1, UTF-8
//   NULLABLE_STRING => length -1 is null          COMPACT_…      => 0 is null
//   BYTES, RECORDS  => INT32 length, bytes        COMPACT_BYTES  => UVARINT length + 1, bytes
//   UUID            => 16 bytes

export const int8: Codec<number> = {
  read: (reader) => reader.int8(),
  write: (writer, value) => writer.int8(value),
}

export const int16: Codec<number> = {
  read: (reader) => reader.int16(),
  write: (writer, value) => writer.int16(value),
}

export const int32: Codec<number> = {
  read: (reader) => reader.int32(),
  write: (writer, value) => writer.int32(value),
}

export const int64: Codec<number> = {
  read: (reader) => reader.int64(),
  write: (writer, value) => writer.int64(value),
}

export const boolean: Codec<boolean> = {
  read: (reader) => reader.int8() !== 0,
  write: (writer, value) => writer.int8(value ? 1 : 0),
}

export const nullableString: Codec<string | null> = {
  read(reader) {
    const length = reader.flexible ? reader.uvarint() - 1 : reader.int16()
    return length < 0 ? null : reader.utf8(length)
  },
  write(writer, value) {
    const length = value === null ? -1 : Buffer.byteLength(value)
    if (writer.flexible) writer.uvarint(length + 1)
    else writer.int16(length)
    if (value !== null) writer.utf8(value, length)
  },
}

export const nullableBytes: Codec<Buffer | null> = {
  read(reader) {
    const length = readLength(reader)
    return length < 0 ? null : reader.bytes(length)
  },
  write(writer, value) {
    writeLength(writer, value === null ? -1 : value.length)
    if (value !== null) writer.bytes(value)
  },
}

export const string: Codec<string> = {
  read: (reader) => present(nullableString.read(reader)),
  write: nullableString.write,
}

export const bytes: Codec<Buffer> = {
  read: (reader) => present(nullableBytes.read(reader)),
  write: nullableBytes.write,
}

/** As 32 hexadecimal digits. */
export const uuid: Codec<string> = {
  read: (reader) => reader.bytes(16).toString('hex'),
  write: (writer, value) => writer.bytes(Buffer.from(value, 'hex')),
}

export const NO_UUID = '0'.repeat(32)

/** The length of an array or a byte field; -1 is null. */
function readLength(reader: Reader): number {
  return reader.flexible ? reader.uvarint() - 1 : reader.int32()
}

/** The length of an array or a byte field; -1 is null. */
function writeLength(writer: Writer, length: number): void {
  if (writer.flexible) writer.uvarint(length + 1)
  else writer.int32(length)
}

function present<T>(value: T | null): T {
  if (value === null) throw new MalformedRequestError('a required field is null')
  return value
}

type WrittenOf<C> = C extends { write(writer: Writer, value: infer W): void } ? W : never

type Fields = Record<string, Codec<unknown>>
type OptionalKeys<F> = { [K in keyof F]: undefined extends WrittenOf<F[K]> ? K : never }[keyof F]
type ReadStruct<F> = { [K in keyof F]: F[K] extends { read(reader: Reader): infer R } ? R : never }
type WrittenStruct<F> = { [K in Exclude<keyof F, OptionalKeys<F>>]: WrittenOf<F[K]> } & {
  [K in OptionalKeys<F>]?: WrittenOf<F[K]>
}

/** Fields in wire order, followed by tagged fields in flexible versions. Tagged fields are skipped and never written. */
export function struct<F extends Fields>(fields: F): Codec<ReadStruct<F>, WrittenStruct<F>> {
  const entries = Object.entries(fields)
  return {
    read(reader) {
      const value: Record<string, unknown> = {}
      for (const [name, codec] of entries) value[name] = codec.read(reader)
      if (reader.flexible) skipTaggedFields(reader)
      return value as ReadStruct<F>
    },
    write(writer, value) {
      const values = value as Record<string, unknown>
      for (const [name, codec] of entries) codec.write(writer, values[name])
      if (writer.flexible) writer.uvarint(0)
    },
  }
}

/** A list that may be null. */
export function nullableArray<R, W>(item: Codec<R, W>): Codec<R[] | null, readonly W[] | null> {
  return {
    read(reader) {
      const length = readLength(reader)
      if (length < 0) return null
      // Every item has at least one byte, so a length that is too large is refused before anything is allocated.
      if (length > reader.remaining)
        throw new MalformedRequestError(`an array of ${length} items is too long`)
      return Array.from({ length }, () => item.read(reader))
    },
    write(writer, values) {
      writeLength(writer, values === null ? -1 : values.length)
      for (const value of values ?? []) item.write(writer, value)
    },
  }
}

/** A list. If a client sends null, the list is empty. */
export function array<R, W>(item: Codec<R, W>): Codec<R[], readonly W[]> {
  const nullable = nullableArray(item)
  return { read: (reader) => nullable.read(reader) ?? [], write: nullable.write }
}

/** A list of structs. */
export function arrayOf<F extends Fields>(fields: F): Codec<ReadStruct<F>[], readonly WrittenStruct<F>[]> {
  return array(struct(fields))
}

/** A field that exists from version `first` to `last`. In other versions, or if it is omitted, it is `absent`. */
export function between<R, W>(
  first: number,
  last: number,
  codec: Codec<R, W>,
  absent: NoInfer<R & W>,
): Codec<R, W | undefined> {
  const exists = (version: number) => version >= first && version <= last
  return {
    read: (reader) => (exists(reader.version) ? codec.read(reader) : absent),
    write(writer, value) {
      if (exists(writer.version)) codec.write(writer, value === undefined ? absent : value)
    },
  }
}

/** A field that exists from version `first`. */
export function since<R, W>(
  first: number,
  codec: Codec<R, W>,
  absent: NoInfer<R & W>,
): Codec<R, W | undefined> {
  return between(first, Number.POSITIVE_INFINITY, codec, absent)
}

/** A field that exists up to version `last`. */
export function until<R, W>(
  last: number,
  codec: Codec<R, W>,
  absent: NoInfer<R & W>,
): Codec<R, W | undefined> {
  return between(0, last, codec, absent)
}

/** A field of every version that may be omitted when writing. */
export function optional<R, W>(codec: Codec<R, W>, absent: NoInfer<R & W>): Codec<R, W | undefined> {
  return since(0, codec, absent)
}

// TAG_BUFFER => UVARINT count, count × (UVARINT tag, UVARINT size, bytes)
export function skipTaggedFields(reader: Reader): void {
  for (let count = reader.uvarint(); count > 0; count -= 1) {
    reader.uvarint()
    reader.bytes(reader.uvarint())
  }
}
