import type { Codec } from './codec.ts'
import { MalformedRequestError } from './malformed-request-error.ts'
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

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
export function readLength(reader: Reader): number {
  return reader.flexible ? reader.uvarint() - 1 : reader.int32()
}

/** The length of an array or a byte field; -1 is null. */
export function writeLength(writer: Writer, length: number): void {
  if (writer.flexible) writer.uvarint(length + 1)
  else writer.int32(length)
}

function present<T>(value: T | null): T {
  if (value === null) throw new MalformedRequestError('a required field is null')
  return value
}
