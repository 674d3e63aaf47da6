import { Buffer } from 'node:buffer'
import { ByteSink } from './byte-sink.ts'
import { UnreadableRecords } from './unreadable-records.ts'

// https://github.com/google/snappy/blob/main/format_description.txt, numbers are little-endian
//   stream  = length UVARINT · *element
//   element = tag UINT8 · …, by the two low bits of the tag:
//     0 literal: length - 1 in six bits, or from 60 on in the 1 to 4 bytes that follow, then its bytes
//     1 copy of 4 to 11 bytes, offset of 11 bits · 2 copy of 1 to 64, offset UINT16 · 3 the same, offset UINT32
// Java's clients, and others after them, frame it (https://github.com/xerial/snappy-java, SnappyOutputStream):
//   framed  = 1*(magic 8 bytes · version INT32 · compatible INT32 · *(length INT32 · stream)), big-endian
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const HEADER_BYTES = 16
/** The element that expands the most: three bytes to 64. */
const BEST_RATIO = 64 / 3

/** Decompresses Snappy, framed or not, at most `most` bytes. Throws UnreadableRecords for what is none. */
export function decompressSnappy(bytes: Uint8Array, most: number): Buffer {
  const sink = new ByteSink(most, 4 * bytes.length)
  if (!beginsFrame(bytes, 0)) {
    readStream(bytes, sink)
    return sink.take()
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length; ) {
    // Streams that were joined have a header each.
    if (beginsFrame(bytes, at)) {
      at += HEADER_BYTES
      continue
    }
    if (at + 4 > bytes.length) throw cutOff()
    const end = at + 4 + view.getUint32(at)
    if (end > bytes.length) throw cutOff()
    readStream(bytes.subarray(at + 4, end), sink)
    at = end
  }
  return sink.take()
}

function beginsFrame(bytes: Uint8Array, at: number): boolean {
  return at + HEADER_BYTES <= bytes.length && MAGIC.equals(bytes.subarray(at, at + MAGIC.length))
}

function readStream(bytes: Uint8Array, sink: ByteSink): void {
  let at = 0
  const number = (count: number): number => {
    if (at + count > bytes.length) throw cutOff()
    let value = 0
    for (let index = 0; index < count; index += 1) value += (bytes[at++] ?? 0) * 256 ** index
    return value
  }
  const length = (): number => {
    let value = 0
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = number(1)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new UnreadableRecords('its length has more than five bytes')
  }

  const first = sink.length
  const expected = first + length()
  if (expected - first > bytes.length * BEST_RATIO)
    throw new UnreadableRecords('it cannot be as long as it says')
  while (at < bytes.length) {
    const tag = number(1)
    const high = tag >>> 2
    if ((tag & 3) === 0) {
      const end = (high < 60 ? high : number(high - 59)) + 1 + at
      sink.append(bytes, at, end)
      at = end
    } else if ((tag & 3) === 1) sink.repeat(number(1) + ((tag >>> 5) << 8), 4 + (high & 7), first)
    else sink.repeat(number((tag & 3) === 2 ? 2 : 4), high + 1, first)
  }
  if (sink.length !== expected) throw new UnreadableRecords('it is not as long as it says')
}

const cutOff = () => new UnreadableRecords('it ends in the middle of an element')
