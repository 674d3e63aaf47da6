import { Buffer } from 'node:buffer'
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Position } from '#shared/core/event.ts'
import type { EventLog, KafkaRecord, NewRecord } from './ports.ts'

// The headers of a record that only a function of ours may write (docs/adr/0029):
//   tidewire-signature = "v1." base64url(HMAC-SHA256(secret, about value))
//   about              = JSON array of the topic, the key, the length of the value, and then the name and the value of
//                        every other header, sorted by name; bytes as ISO 8859-1 text
//   tidewire-id        = "made"      the id was made for this record (docs/adr/0011)
//   tidewire-digest    = the digest of what the producer sent (docs/adr/0028)
//   tidewire-replay-of = topic "/" partition "/" offset of the dead letter that the event was replayed from
export const SIGNATURE = 'tidewire-signature'
const VERSION = 'v1.'
export const MADE_ID = { name: 'tidewire-id', value: 'made' } as const
export const DIGEST = 'tidewire-digest'
export const REPLAY_OF = 'tidewire-replay-of'

/** What a signature says of a record. `forged` is a signature that none of the secrets made. */
export type Verdict = 'signed' | 'unsigned' | 'forged'
export type JudgeRecord = (record: KafkaRecord) => Verdict

/** Returns the log with every record signed by the first of the secrets. */
export function signedLog(kafka: EventLog, [secret = '']: readonly string[]): EventLog {
  const key = createSecretKey(Buffer.from(secret))
  return { append: (records) => kafka.append(records.map((record) => signWith(key, record))) }
}

/** Returns a record with a signature of its topic, key, value and headers. */
export function signRecord(record: NewRecord, secret: string): NewRecord {
  return signWith(createSecretKey(Buffer.from(secret)), record)
}

function signWith(secret: KeyObject, record: NewRecord): NewRecord {
  const { topic, key, value, headers } = record
  const named = Object.entries(headers).map(([name, text]): Header => [name, textOf(Buffer.from(text))])
  const mac = macOf(secret, aboutOf(topic, Buffer.from(key), value, named), value)
  return { ...record, headers: { ...headers, [SIGNATURE]: VERSION + mac.toString('base64url') } }
}

/**
 * Returns what judges records: signed if one of the secrets made the signature. Records from before `signedSince`
 * (milliseconds since 1970), which no version of Tidewire signed, count as signed.
 */
export function recordJudge(secrets: readonly string[], signedSince = 0): JudgeRecord {
  const keys = secrets.map((secret) => createSecretKey(Buffer.from(secret)))
  return ({ topic, key, value, headers, timestamp }) => {
    const signatures = headers.filter(({ name }) => name === SIGNATURE)
    const [signature] = signatures
    if (signature === undefined) return timestamp < signedSince ? 'signed' : 'unsigned'
    const text = textOf(signature.value)
    if (signatures.length > 1 || !text.startsWith(VERSION)) return 'forged'
    const given = Buffer.from(text.slice(VERSION.length), 'base64url')
    const others = headers.filter(({ name }) => name !== SIGNATURE)
    const named = others.map((header): Header => [header.name, textOf(header.value)])
    const about = aboutOf(topic, key ?? NOTHING, value ?? NOTHING, named)
    const isRight = (secret: KeyObject) => {
      const mac = macOf(secret, about, value ?? NOTHING)
      return mac.length === given.length && timingSafeEqual(mac, given)
    }
    return keys.some(isRight) ? 'signed' : 'forged'
  }
}

/** Returns the marks that one of our functions put into the headers of a record. */
export function marksOf({ headers }: Pick<KafkaRecord, 'headers'>): {
  readonly hasMadeId?: true
  readonly digest?: string
  readonly replayOf?: Position
} {
  const find = (header: string) => {
    const found = headers.find(({ name }) => name === header)
    return found && textOf(found.value)
  }
  const digest = find(DIGEST)
  const replayOf = parsePosition(find(REPLAY_OF))
  return {
    ...(find(MADE_ID.name) === MADE_ID.value && { hasMadeId: true }),
    ...(digest !== undefined && { digest }),
    ...(replayOf && { replayOf }),
  }
}

/** Returns the value of the header `tidewire-replay-of`. */
export function replayOfValue({ topic, partition, offset }: Position): string {
  return `${topic}/${partition}/${offset}`
}

function parsePosition(text: string | undefined): Position | undefined {
  const [, topic, partition, offset] = /^([^/]+)\/(\d{1,9})\/(\d{1,16})$/.exec(text ?? '') ?? []
  return topic === undefined ? undefined : { topic, partition: Number(partition), offset: Number(offset) }
}

type Header = readonly [name: string, value: string]
const NOTHING = new Uint8Array(0)

/** One string for all but the value: every further part of a MAC costs as much as the hash of a small record. */
function aboutOf(topic: string, key: Uint8Array, value: Uint8Array, headers: readonly Header[]): string {
  const sorted = [...headers].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return JSON.stringify([topic, textOf(key), value.length, ...sorted.flat()])
}

function macOf(secret: KeyObject, about: string, value: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(about).update(value).digest()
}

/** Returns one character for each byte, so that different bytes are different text. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
