import { Buffer } from 'node:buffer'
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Position } from '#shared/core/event.ts'
import type { DecodedRecord, EventLog, KafkaRecord, NewRecord, RawLog, RawRecord } from './ports.ts'

// The headers of a record that only a function of ours may write (docs/adr/0029):
//   tidewire-signature = "v1." base64url(HMAC-SHA256(secret, about value))
//   about              = JSON array of the topic, the key, the length of the value, and then the name and the value of
//                        every other header, sorted by name; bytes as ISO 8859-1 text
//   tidewire-id        = "made"      the id was made for this record (docs/adr/0011)
//   tidewire-digest    = the digest of what the producer sent (docs/adr/0028)
//   tidewire-replay-of = topic "/" partition "/" offset of the dead letter that the event was replayed from
//   tidewire-replay-after  = those that that one was replayed from, separated by commas, the latest first
//   tidewire-replay-author = "stranger": the signature is of the headers; the event is that of a record without one
export const SIGNATURE = 'tidewire-signature'
const VERSION = 'v1.'
export const MADE_ID = { name: 'tidewire-id', value: 'made' } as const
export const DIGEST = 'tidewire-digest'
export const REPLAY_OF = 'tidewire-replay-of'
export const REPLAY_AFTER = 'tidewire-replay-after'
export const REPLAY_STRANGER = { name: 'tidewire-replay-author', value: 'stranger' } as const

/** What a signature says of a record. `forged` is a signature that none of the secrets made. */
export type Verdict = 'signed' | 'unsigned' | 'forged'
export type JudgeRecord = (record: KafkaRecord) => Verdict

/** Returns the secret to sign with now. */
type SigningSecret = () => Promise<string>

/** Returns the log with every record signed. */
export function signedLog(kafka: EventLog, secret: SigningSecret): EventLog {
  return { append: async (records) => kafka.append(records.map(signer(await secret()))) }
}

/** The same as `signedLog` for records of any bytes. */
export function signedRawLog(kafka: RawLog, secret: SigningSecret): RawLog {
  return { append: async (records) => kafka.append(records.map(signer(await secret()))) }
}

/** Returns a record with a signature of its topic, key, value and headers. */
export function signRecord(record: NewRecord, secret: string): NewRecord {
  return signer(secret)(record)
}

/** Returns what signs records. */
function signer(secret: string) {
  const key = createSecretKey(Buffer.from(secret))
  return <R extends RawRecord>(record: R): R => ({
    ...record,
    headers: { ...record.headers, [SIGNATURE]: signatureOf(key, record) },
  })
}

function signatureOf(secret: KeyObject, { topic, key, value, headers }: RawRecord): string {
  const named = Object.entries(headers).map(([name, text]): Header => [name, textOf(Buffer.from(text))])
  const mac = macOf(secret, aboutOf(topic, Buffer.from(key ?? NOTHING), value, named), value)
  return VERSION + mac.toString('base64url')
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
export function marksOf({ headers }: Pick<KafkaRecord, 'headers'>): Omit<DecodedRecord, 'event'> {
  const find = (header: string) => {
    const found = headers.find(({ name }) => name === header)
    return found && textOf(found.value)
  }
  const digest = find(DIGEST)
  const replayOf = parsePosition(find(REPLAY_OF))
  const older = (find(REPLAY_AFTER)?.split(',') ?? []).flatMap((text) => parsePosition(text) ?? [])
  return {
    ...(find(MADE_ID.name) === MADE_ID.value && { hasMadeId: true }),
    ...(digest !== undefined && { digest }),
    ...(replayOf && { replayOf }),
    ...(older.length > 0 && { olderReplays: older }),
  }
}

/** Whether a signed record is the replay of one that none of our functions signed. */
export function isOfStranger({ headers }: Pick<KafkaRecord, 'headers'>): boolean {
  const { name, value } = REPLAY_STRANGER
  return headers.some((header) => header.name === name && textOf(header.value) === value)
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
