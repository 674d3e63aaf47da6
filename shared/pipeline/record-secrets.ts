import type { KafkaRecord } from './ports.ts'
import { type JudgeRecord, recordJudge, type Verdict } from './signed-record.ts'

// What records are signed with (docs/adr/0029). It is a secret of JSON:
//   { "secret": "…", "since": "2026-11-27T12:00:00Z", "previous": [{ "secret": "…", "until": "2026-11-27T12:00:00Z" }] }
// Only `secret` must be there. `since` is by default when this version of the secret was stored. A previous secret is
// known for as long as there may be records that it signed; it may be mere text, and then it is known for good.

/** What signs records, and judges them. */
export type RecordSecrets = {
  /** Returns the secret to sign with now. Throws if it cannot be read. */
  readonly signing: () => Promise<string>
  /**
   * Learns what is needed to judge these records: none of ours is judged forged after it. Throws if that cannot be read
   * now: the records must come again. Records must be met before they are judged.
   */
  readonly meet: (records: readonly KafkaRecord[]) => Promise<void>
  readonly judge: JudgeRecord
}

/** The text of a secret, and when it was stored, in milliseconds since 1970. */
type Stored = { readonly value: string; readonly created: number }
/** A secret that is kept in memory; shared/adapters/secrets has one. */
export type SecretCache = {
  readonly current: () => Promise<Stored>
  readonly noOlderThan: (ms: number) => Promise<Stored>
}

/**
 * A writer signs with a new secret only when it is so old. By then no reader can have looked for an unknown signature
 * before the secret was there, and the clocks of the two may differ by minutes.
 */
export const SIGNED_AFTER_MS = 10 * 60_000
/** How old the knowledge of a reader may be that calls a record forged. Who sends forged ones causes no more reads. */
export const READ_AGAIN_MS = 10_000
/** A writer that could not read its secret for so long stops, because others may have forgotten what it signs with. */
export const SIGNED_UNREAD_MS = 24 * 3_600_000

const LEAST_LENGTH = 16

type Secrets = {
  readonly secret: string
  /** Milliseconds since 1970. */
  readonly since: number
  readonly previous: readonly { readonly secret: string; readonly until: number | null }[]
}

/** The secrets of the local stack and of tests: the first one signs, and all are known. */
export function fixedSecrets(secrets: readonly string[], signedSince = 0): RecordSecrets {
  const [first = ''] = secrets
  return {
    signing: async () => first,
    meet: async () => {},
    judge: recordJudge(secrets, signedSince),
  }
}

type Options = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Records from before this time count as signed if they have no signature (docs/adr/0029). */
  readonly signedSince?: number
  readonly signedAfterMs?: number
  readonly readAgainMs?: number
}

/** Secrets that are replaced while functions run, without a record of ours that is ever taken for a forged one. */
export function rotatingSecrets(
  cache: SecretCache,
  { now, signedSince = 0, signedAfterMs = SIGNED_AFTER_MS, readAgainMs = READ_AGAIN_MS }: Options,
): RecordSecrets {
  const verdicts = new WeakMap<KafkaRecord, Verdict>()
  let known: { readonly stored: Stored; readonly judge: JudgeRecord } | undefined

  const learn = (stored: Stored) => {
    if (known?.stored.value !== stored.value) {
      const { secret, previous } = readRecordSecret(stored)
      const secrets = [secret, ...previous.map((one) => one.secret)]
      known = { stored, judge: recordJudge(secrets, signedSince) }
    }
    return known.judge
  }
  const meetEach = (records: readonly KafkaRecord[], judge: JudgeRecord) => {
    for (const record of records) verdicts.set(record, judge(record))
    return records.filter((record) => verdicts.get(record) === 'forged')
  }
  return {
    async signing() {
      await cache.current()
      const secrets = readRecordSecret(await cache.noOlderThan(SIGNED_UNREAD_MS))
      const { secret, since, previous } = secrets
      return now() - since < signedAfterMs ? (previous[0]?.secret ?? secret) : secret
    },
    async meet(records) {
      const unknown = meetEach(records, learn(await cache.current()))
      if (unknown.length === 0) return
      try {
        meetEach(unknown, learn(await cache.noOlderThan(readAgainMs)))
      } catch (error) {
        for (const record of unknown) verdicts.delete(record)
        throw error
      }
    },
    judge(record) {
      const verdict = verdicts.get(record) ?? known?.judge(record)
      if (verdict === undefined) throw new Error('a record was judged that was not met')
      return verdict
    },
  }
}

/** Reads the JSON of the secret. Throws an error that says what is wrong, and nothing of the secret. */
function readRecordSecret({ value, created }: Stored): Secrets {
  let fields: unknown
  try {
    fields = JSON.parse(value)
  } catch {
    throw new Error('the record secret is not JSON')
  }
  const { secret, since, previous = [] } = (fields ?? {}) as Record<string, unknown>
  if (!Array.isArray(previous)) throw new Error('"previous" of the record secret is no list')
  return {
    secret: readSecret(secret),
    since: since === undefined ? created : readTime(since),
    previous: previous.map((one) =>
      typeof one === 'string'
        ? { secret: readSecret(one), until: null }
        : { secret: readSecret(one?.secret), until: one?.until === undefined ? null : readTime(one.until) },
    ),
  }
}

function readSecret(secret: unknown): string {
  if (typeof secret === 'string' && secret.length >= LEAST_LENGTH) return secret
  throw new Error(`each secret of the record secret must be text of at least ${LEAST_LENGTH} characters`)
}

function readTime(text: unknown): number {
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw new Error('a time of the record secret is not such as "2026-11-27T12:00:00Z"')
  return time
}

type Rotation = {
  readonly newSecret: string
  /** Milliseconds since 1970. */
  readonly now: number
  /** For how long the log keeps records, in milliseconds. */
  readonly keptMs: number
}

/**
 * Returns the text of the record secret with a new secret in it. The previous ones are kept until no record that they
 * signed is in the log. Throws an error if the last one is younger than ten minutes: writers do not use it yet, and would
 * skip it.
 */
export function rotateRecordSecret(text: string, { newSecret, now, keptMs }: Rotation): string {
  const { secret, since, previous } = readRecordSecret({ value: text, created: 0 })
  const age = now - since
  if (age < SIGNED_AFTER_MS)
    throw new Error(
      `the secret was replaced at ${new Date(since).toISOString()}; wait until it is ten minutes old`,
    )
  const mostMs = keptMs + SIGNED_AFTER_MS + 2 * SIGNED_UNREAD_MS
  const kept = previous.filter(({ until }) => until === null || now - until < mostMs)
  const next = [{ secret, until: now }, ...kept].map(({ secret: old, until }) =>
    until === null ? old : { secret: old, until: new Date(until).toISOString() },
  )
  return JSON.stringify({ secret: readSecret(newSecret), since: new Date(now).toISOString(), previous: next })
}
