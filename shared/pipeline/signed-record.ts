import { Buffer } from 'node:buffer'
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { EventLog, KafkaRecord, NewRecord } from './ports.ts'

// The headers of a record that only a function of ours may write (docs/adr/0029):
//   tidewire-signature = "v1." base64url(HMAC-SHA256(secret, fields))
//   fields             = topic, key, value, then the name and the value of every other header, sorted by name
//   field              = decimal length in bytes ":" bytes
//   tidewire-id        = "made"      the id was made for this record (docs/adr/0011)
//   tidewire-digest    = the digest of what the producer sent (docs/adr/0028)
export const SIGNATURE = 'tidewire-signature'
const VERSION = 'v1.'
export const MADE_ID = { name: 'tidewire-id', value: 'made' } as const
export const DIGEST = 'tidewire-digest'

/** What a signature says of a record. `forged` is a signature that none of the secrets made. */
export type Verdict = 'signed' | 'unsigned' | 'forged'
export type JudgeRecord = (record: KafkaRecord) => Verdict

/** Returns the log with every record signed by the first of the secrets. */
export function signedLog(kafka: EventLog, [secret = '']: readonly string[]): EventLog {
  return { append: (records) => kafka.append(records.map((record) => signRecord(record, secret))) }
}

/** Returns a record with a signature of its topic, key, value and headers. */
export function signRecord(record: NewRecord, secret: string): NewRecord {
  const { topic, key, value, headers } = record
  const mac = macOf(secret, [topic, key, value, ...sortedFields(Object.entries(headers))])
  return { ...record, headers: { ...headers, [SIGNATURE]: VERSION + mac.toString('base64url') } }
}

/**
 * Returns what judges records: signed if one of the secrets made the signature. Records from before `signedSince`
 * (milliseconds since 1970), which no version of Tidewire signed, count as signed.
 */
export function recordJudge(secrets: readonly string[], signedSince = 0): JudgeRecord {
  return ({ topic, key, value, headers, timestamp }) => {
    const signatures = headers.filter(({ name }) => name === SIGNATURE)
    const [signature] = signatures
    if (signature === undefined) return timestamp < signedSince ? 'signed' : 'unsigned'
    const others = headers.filter(({ name }) => name !== SIGNATURE)
    const fields = [
      topic,
      key ?? '',
      value ?? '',
      ...sortedFields(others.map(({ name, value }) => [name, value])),
    ]
    const text = Buffer.from(signature.value).toString()
    const given = Buffer.from(text.slice(VERSION.length), 'base64url')
    const isRight = (secret: string) => {
      const mac = macOf(secret, fields)
      return mac.length === given.length && timingSafeEqual(mac, given)
    }
    return signatures.length === 1 && text.startsWith(VERSION) && secrets.some(isRight) ? 'signed' : 'forged'
  }
}

/** Returns the marks that one of our functions put into the headers of a record. */
export function marksOf({ headers }: Pick<KafkaRecord, 'headers'>): {
  readonly hasMadeId?: true
  readonly digest?: string
} {
  const textOf = (header: string) => {
    const found = headers.find(({ name }) => name === header)
    return found && Buffer.from(found.value).toString()
  }
  const digest = textOf(DIGEST)
  return {
    ...(textOf(MADE_ID.name) === MADE_ID.value && { hasMadeId: true }),
    ...(digest !== undefined && { digest }),
  }
}

type Field = string | Uint8Array

function sortedFields(headers: readonly (readonly [name: string, value: Field])[]): Field[] {
  return [...headers].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).flat()
}

function macOf(secret: string, fields: readonly Field[]): Buffer {
  const hmac = createHmac('sha256', secret)
  for (const field of fields) {
    const length = typeof field === 'string' ? Buffer.byteLength(field) : field.length
    hmac.update(`${length}:`).update(field)
  }
  return hmac.digest()
}
