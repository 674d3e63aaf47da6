import type { Buffer } from 'node:buffer'
import { ByteSink } from './byte-sink.ts'
import { UnreadableRecords } from './unreadable-records.ts'

// https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md, numbers are little-endian
//   frame    = magic UINT32 · FLG UINT8 · BD UINT8 · [content_size UINT64] · [dictionary_id UINT32] · header_checksum UINT8
//              *block · end_mark UINT32 (0) · [content_checksum UINT32]
//   FLG      = version (2 bits, 01) · independent · block_checksums · content_size · content_checksum · reserved · dictionary
//   block    = size UINT32 (its high bit: not compressed) · bytes · [checksum UINT32]
// https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
//   sequence = token UINT8 · [literal_length *UINT8] · literals · offset UINT16 · [match_length *UINT8]
const MAGIC = 0x184d2204
/** Frames with these 28 bits hold data of somebody else, and are skipped. */
const SKIPPABLE = 0x184d2a50
const FLAGS = {
  independent: 0x20,
  blockChecksums: 0x10,
  contentSize: 0x08,
  contentChecksum: 0x04,
  dictionary: 0x01,
}
const RAW_BLOCK = 0x80000000
const MIN_MATCH = 4
/** A length of 15 continues in further bytes, as long as they are 255. */
const LONG = 15
const HIGHEST_BYTE = 255

/**
 * Decompresses frames of LZ4, at most `most` bytes. Throws UnreadableRecords for what is none, and for one that needs a
 * dictionary. Checksums are not compared: the batch has one of all its bytes, Kafka's own consumer ignores that of the
 * content, and clients for the first versions of Kafka's LZ4 made that of the header of the wrong bytes
 * (https://cwiki.apache.org/confluence/display/KAFKA/KIP-57+-+Interoperable+LZ4+Framing).
 */
export function decompressLz4(bytes: Uint8Array, most: number): Buffer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const sink = new ByteSink(most, 4 * bytes.length)
  let at = 0
  const uint32 = (): number => {
    if (at + 4 > bytes.length) throw cutOff()
    at += 4
    return view.getUint32(at - 4, true)
  }
  const readFrame = (): void => {
    const flags = bytes[at] ?? 0
    if (flags >>> 6 !== 1) throw new UnreadableRecords(`frames of version ${flags >>> 6} are not read`)
    if (flags & FLAGS.dictionary) throw new UnreadableRecords('it needs a dictionary')
    at += 3 + (flags & FLAGS.contentSize ? 8 : 0)
    for (let size = uint32(); size !== 0; size = uint32()) {
      const end = at + (size & ~RAW_BLOCK)
      if (end > bytes.length) throw cutOff()
      if (size >= RAW_BLOCK) sink.append(bytes, at, end)
      else readBlock(bytes, [at, end], sink, flags & FLAGS.independent ? sink.length : 0)
      at = end + (flags & FLAGS.blockChecksums ? 4 : 0)
    }
    if (flags & FLAGS.contentChecksum) uint32()
  }

  if (bytes.length < 4 || !isFrame(view.getUint32(0, true)))
    throw new UnreadableRecords('it does not begin as LZ4 does')
  while (at + 4 <= bytes.length) {
    const magic = uint32()
    if (magic === MAGIC) readFrame()
    else if (!isFrame(magic))
      break // what follows the last frame is of nobody
    else {
      const skipped = uint32()
      at += skipped
    }
  }
  if (at > bytes.length) throw cutOff()
  return sink.take()
}

const isFrame = (magic: number): boolean => magic === MAGIC || (magic & ~0xf) === SKIPPABLE

function readBlock(bytes: Uint8Array, [from, end]: [number, number], sink: ByteSink, first: number): void {
  let at = from
  const byte = (): number => {
    const value = bytes[at]
    if (value === undefined || at >= end) throw cutOff()
    at += 1
    return value
  }
  const lengthOf = (short: number): number => {
    let length = short
    if (short < LONG) return length
    for (let more = HIGHEST_BYTE; more === HIGHEST_BYTE; length += more) more = byte()
    return length
  }
  for (;;) {
    const token = byte()
    const count = lengthOf(token >>> 4)
    if (at + count > end) throw cutOff()
    sink.append(bytes, at, at + count)
    at += count
    // The last sequence of a block has literals alone.
    if (at === end) return
    const distance = byte() + 256 * byte()
    sink.repeat(distance, lengthOf(token & 0x0f) + MIN_MATCH, first)
  }
}

const cutOff = () => new UnreadableRecords('it ends in the middle of a frame')
