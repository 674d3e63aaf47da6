import { Buffer } from 'node:buffer'
import type { CloudEvent } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { domains } from '#shared/domain/catalog.ts'
import { acceptFrom } from '#shared/pipeline/accept/accept.ts'
import type { Author } from '#shared/pipeline/accept/authorship.ts'
import { readPost } from '#shared/pipeline/accept/read-post.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { createKnownHeads, storeBatch } from '#shared/pipeline/deliver/store-batch.ts'
import { getEvent } from '#shared/pipeline/lifecycle/get-event.ts'
import { lifecyclesOf } from '#shared/pipeline/lifecycle/lifecycles.ts'
import type { EventLog, KafkaRecord, NewRecord, StoredEvent } from '#shared/pipeline/ports.ts'
import { fixedSecrets } from '#shared/pipeline/record-secrets.ts'
import { type JudgeRecord, recordJudge, signedLog } from '#shared/pipeline/signed-record.ts'
import { foldBatch } from '#shared/pipeline/views/fold.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import { allLetters } from '#shared/testing/dead-letters/letters.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'

const SECRETS = ['the-secret-of-this-world']
const PARTITIONS = 2
const EVERY_STATE = { limit: 100_000 }

/** The whole pipeline in memory, with every domain: requests, records that anybody writes, deliver and fold. */
export type ForgeryWorld = {
  /** Posts one CloudEvent, or plain JSON. Returns the code of the refusal, or null. */
  post(author: Author, event: Readonly<Record<string, unknown>>, isPlain?: boolean): Promise<string | null>
  /** Writes a record straight to Kafka. */
  write(record: NewRecord): void
  /** What our functions wrote, as anybody can read it from Kafka. */
  written(): readonly NewRecord[]
  /** Delivers and folds until nothing is left. */
  settle(): Promise<void>
  /** What is stored, in the order of topics, partitions and offsets. */
  stored(): readonly StoredEvent[]
  /** The state of every part of the views that has one of these keys, as JSON by view, key, topic and partition. */
  states(keys: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** What a reader gets as the state of an event; undefined if it has none. */
  caseOf(pair: { readonly id: string; readonly source: string }): Promise<unknown>
  readonly letters: () => Promise<number>
}

/** After the times of all events: none is ahead of the log. */
const LOGGED = Date.UTC(2026, 2, 2)

export function createForgeryWorld(judge: JudgeRecord = recordJudge(SECRETS)): ForgeryWorld {
  const catalog = createCatalog(domains)
  const logs = new Map<string, { readonly records: KafkaRecord[]; consumed: number }>()
  const signed: NewRecord[] = []
  const stored: StoredEvent[] = []
  let ids = 0
  const put = ({ topic, key, value, headers }: NewRecord) => {
    const partition = [...key].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % PARTITIONS
    const log = logs.get(`${topic}-${partition}`) ?? { records: [], consumed: 0 }
    logs.set(`${topic}-${partition}`, log)
    const offset = log.records.length
    const named = Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) }))
    const timestamp = LOGGED + offset
    log.records.push({ topic, partition, offset, timestamp, key: Buffer.from(key), value, headers: named })
    return { topic, partition, offset }
  }
  const plainLog: EventLog = {
    append: async (records) => {
      signed.push(...records)
      return records.map(put)
    },
  }
  const kafka = signedLog(plainLog, fixedSecrets(SECRETS).signing)
  const viewStore = memoryViewStore()
  const deadLetters = memoryDeadLetterStore()
  const deps = {
    kafka,
    catalog,
    deadLetters,
    viewStore,
    store: memoryEventStore(),
    claims: memoryClaimStore(),
    decode: recordDecoder(catalog, judge),
    heads: createKnownHeads(),
    views: viewsOf(domains),
    newId: () => `made-${++ids}`,
    now: () => new Date('2026-03-01T10:00:00Z'),
    sourceOwner: async (source: string) => (source === '/owned' ? 'key:owner' : null),
  }
  const consuming = { ...deps, now: () => Number(deps.now()) }
  return {
    async post(author, event, isPlain = false) {
      const type = isPlain ? 'application/json' : 'application/cloudevents+json'
      const body = Buffer.from(JSON.stringify(isPlain ? event : { specversion: '1.0', ...event }))
      try {
        await acceptFrom(
          author,
          readPost({ headers: { 'content-type': type }, body }, author.name, deps),
          deps,
        )
        return null
      } catch (error) {
        if (error instanceof Refusal) return error.code
        throw error
      }
    },
    write: (record) => void put(record),
    written: () => signed,
    async settle() {
      for (let isDone = false; !isDone; ) {
        isDone = true
        for (const log of logs.values()) {
          const batch = log.records.slice(log.consumed)
          if (batch.length === 0) continue
          isDone = false
          log.consumed += batch.length
          stored.push(...(await storeBatch(batch, consuming)))
          await foldBatch(batch, consuming)
        }
      }
    },
    stored: () => stored,
    async states(keys) {
      const names = domains.flatMap(({ name, views = {} }) =>
        Object.keys(views).map((view) => `${name}/${view}`),
      )
      const pages = await Promise.all(names.map((name) => viewStore.read(name, EVERY_STATE)))
      const parts = pages.flatMap((page) => page.parts).filter(({ key }) => keys.includes(key))
      return new Map(
        parts.map(({ view, key, topic, partition, state }) => [
          `${view} ${key} ${topic}-${partition}`,
          JSON.stringify(state),
        ]),
      )
    },
    async caseOf(pair) {
      const wanted = { ...pair, principal: makePrincipal({ name: 'reader', role: 'viewer' }) }
      const lifecycles = lifecyclesOf(domains)
      return (await getEvent(wanted, { ...deps, lifecycles, clock: createClock() })).body.state
    },
    letters: async () => (await allLetters(deadLetters, catalog.names)).length,
  }
}

/** Returns the record of an event as any Kafka client may write it: in structured mode, without a signature. */
export function unsignedRecord(topic: string, event: Partial<CloudEvent>, key: string): NewRecord {
  const value = Buffer.from(JSON.stringify({ specversion: '1.0', ...event }))
  return { topic, key, value, headers: { 'content-type': 'application/cloudevents+json' } }
}

/** A clock that only pauses move. */
function createClock() {
  let now = 0
  const read = () => now
  return {
    now: read,
    elapsed: read,
    sleep: async (ms: number) => {
      now += ms
    },
  }
}
