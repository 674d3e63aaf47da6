import { MalformedRequestError } from './malformed-request-error.ts'
import { readLength, writeLength } from './primitives.ts'
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** How one value lies on the wire. `W` is what may be written: fields with a default may be left out. */
export type Codec<R, W = R> = {
  read(reader: Reader): R
  write(writer: Writer, value: W): void
}

type WrittenOf<C> = C extends { write(writer: Writer, value: infer W): void } ? W : never

type Fields = Record<string, Codec<unknown>>
type OptionalKeys<F> = { [K in keyof F]: undefined extends WrittenOf<F[K]> ? K : never }[keyof F]
type ReadStruct<F> = { [K in keyof F]: F[K] extends { read(reader: Reader): infer R } ? R : never }
type WrittenStruct<F> = { [K in Exclude<keyof F, OptionalKeys<F>>]: WrittenOf<F[K]> } & {
  [K in OptionalKeys<F>]?: WrittenOf<F[K]>
}

/** Fields in wire order, closed by tagged fields in flexible versions. Tags are skipped and none is written. */
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
      // Every item has at least one byte, so an absurd length is refused before anything is allocated.
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

/** A list. A null, where a client sends one, reads as no items. */
export function array<R, W>(item: Codec<R, W>): Codec<R[], readonly W[]> {
  const nullable = nullableArray(item)
  return { read: (reader) => nullable.read(reader) ?? [], write: nullable.write }
}

/** A list of structs, the commonest shape of the protocol. */
export function arrayOf<F extends Fields>(fields: F): Codec<ReadStruct<F>[], readonly WrittenStruct<F>[]> {
  return array(struct(fields))
}

/** A field that exists from `first` to `last`; elsewhere, or left out, it is `absent`. */
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

/** A field of every version that may be left out when writing. */
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
