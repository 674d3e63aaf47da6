import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import type { CloudEvent, Position } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { createKnownHeads, storeBatch } from '#shared/pipeline/deliver/store-batch.ts'
import type { KafkaRecord, RawLog, RawRecord } from '#shared/pipeline/ports.ts'
import { fixedSecrets } from '#shared/pipeline/record-secrets.ts'
import { signedRawLog } from '#shared/pipeline/signed-record.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { allLetters } from '#shared/testing/dead-letters/letters.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryReplayStore } from '#shared/testing/memory/memory-replay-store.ts'
import { newReplay, type Slice } from './replay-job.ts'
import { discardSlice, lettersSlice } from './replay-letters.ts'
import type { ReplayJob } from './replay-store.ts'

const SECRETS = ['the-secret-of-a-stage']
const NOW = 5000
const STRUCTURED = { 'content-type': 'application/cloudevents+json' }
const domain = (unknownTypes: 'accept' | 'refuse') =>
  createCatalog([{ name: 'port', topics: { port: ['port.**'], other: ['other.**'] }, events: {} }], {
    unknownTypes,
  })

/** Kafka in memory, a deliver function without sockets, and what replays its dead letters. */
function createWorld() {
  const logs = new Map<string, KafkaRecord[]>()
  let offers: 'accept' | 'refuse' = 'accept'
  const kafka: RawLog = {
    append: async (records) => records.map((record) => append(record)),
  }
  function append({ topic, partition = 0, key, value, headers }: RawRecord): Position {
    const log = logs.get(`${topic}-${partition}`) ?? []
    const bytes = (text: string | Uint8Array) => Buffer.from(text)
    const offset = log.length
    log.push({
      topic,
      partition,
      offset,
      timestamp: 1000 + offset,
      key: key === null ? null : bytes(key),
      value,
      headers: Object.entries(headers).map(([name, text]) => ({ name, value: bytes(text) })),
    })
    logs.set(`${topic}-${partition}`, log)
    return { topic, partition, offset }
  }
  const secrets = fixedSecrets(SECRETS)
  const signed = signedRawLog(kafka, secrets.signing)
  const [store, claims, deadLetters] = [memoryEventStore(), memoryClaimStore(), memoryDeadLetterStore()]
  const catalog = () => domain(offers)
  const delivered = new Map<string, number>()
  /** Delivers what was appended since the last time. Returns the events to push. */
  const deliver = async () => {
    const pushed = []
    for (const [name, log] of logs) {
      const fresh = log.slice(delivered.get(name) ?? 0)
      delivered.set(name, log.length)
      const decode = recordDecoder(catalog(), secrets.judge)
      const deps = { store, claims, deadLetters, catalog: catalog(), decode, heads: createKnownHeads() }
      if (fresh.length > 0) pushed.push(...(await storeBatch(fresh, { ...deps, now: () => NOW })))
    }
    return pushed
  }
  const replays = memoryReplayStore()
  const deps = {
    replays,
    deadLetters,
    kafka: signed,
    readRecord: async ({ topic, partition, offset }: Position) =>
      logs.get(`${topic}-${partition}`)?.[offset] ?? null,
    secrets,
    catalog: catalog(),
    now: () => NOW,
  }
  const letters = () => allLetters(deadLetters, ['port', 'other'])
  const openLetters = async () => (await letters()).filter(({ status }) => status === 'open')
  const create = async (given: Partial<ReplayJob> = {}) => {
    const selection = (await openLetters()).reverse()
    const draft = { kind: 'dead-letters', rate: 1000, total: selection.length, request: {} } as const
    const job = newReplay(draft, { principal: makePrincipal(), now: NOW, random: String(Math.random()) })
    await replays.add({ ...job, ...given }, selection)
    return { ...job, ...given }
  }
  const tools = { signal: new AbortController().signal, report: async () => {} }
  const replay = (job: ReplayJob, more: Partial<typeof deps> = {}): Promise<Slice> =>
    lettersSlice({ ...deps, ...more })(job, tools)
  const write = (event: CloudEvent | string, { topic = 'port', partition = 0, key = 'k' } = {}) =>
    append({ topic, partition, key, value: Buffer.from(toText(event)), headers: STRUCTURED })
  const ownWrite = (event: CloudEvent) =>
    signed.append([
      { topic: 'port', partition: 0, key: 'k', value: Buffer.from(toText(event)), headers: STRUCTURED },
    ])
  const refuseUnknown = (refuse: boolean) => {
    offers = refuse ? 'refuse' : 'accept'
  }
  return {
    logs,
    deliver,
    letters,
    openLetters,
    create,
    replay,
    write,
    ownWrite,
    refuseUnknown,
    deps,
    claims,
    tools,
  }
}
const toText = (event: CloudEvent | string) => (typeof event === 'string' ? event : JSON.stringify(event))

describe('a replay of dead letters', () => {
  test('writes each record again with its key in its partition, and the event says what it replays', async () => {
    const { refuseUnknown, write, deliver, create, replay, logs, letters } = createWorld()
    refuseUnknown(true)
    write(makeEvent('a'), { partition: 1, key: 'crane-4' })
    expect(await deliver()).toEqual([])
    refuseUnknown(false)

    expect(await replay(await create())).toEqual({
      counts: { done: 1, skipped: 0, failed: 0 },
      checkpoint: 1,
      isDone: true,
    })
    const pushed = await deliver()

    expect(pushed).toMatchObject([
      {
        topic: 'port',
        partition: 1,
        offset: 1,
        event: makeEvent('a'),
        replayOf: { topic: 'port', partition: 1, offset: 0 },
      },
    ])
    expect(String(logs.get('port-1')?.[1]?.key)).toBe('crane-4')
    expect(await letters()).toMatchObject([{ status: 'replayed', settled: { at: NOW, by: 'ada' } }])
  })

  test('keeps bytes that are no text, as a key and as a header', async () => {
    const { deps, deliver, create, replay, logs } = createWorld()
    const key = Buffer.from([0xff, 0x00, 0xfe])
    const head = { ce_id: '1', ce_source: '/s', ce_type: 'a', ce_specversion: '1.0', extra: key }
    await deps.kafka.append([
      {
        topic: 'port',
        partition: 0,
        key,
        value: Buffer.from([1]),
        headers: { ...head, ce_category: 'x..y' },
      },
    ])
    await deliver()

    await replay(await create())

    const copy = logs.get('port-0')?.[1]
    expect([copy?.key, copy?.value]).toEqual([key, Buffer.from([1])])
    expect(copy?.headers.find(({ name }) => name === 'extra')?.value).toEqual(key)
  })

  test('that is done again after a crash has the event once', async () => {
    const { refuseUnknown, ownWrite, deliver, create, replay, deps, logs } = createWorld()
    refuseUnknown(true)
    await ownWrite(makeEvent('a'))
    await deliver()
    refuseUnknown(false)
    const job = await create()
    const crash = { ...deps.deadLetters, settle: () => Promise.reject(new Error('a crash')) }

    await expect(replay(job, { deadLetters: crash })).rejects.toThrow('a crash')
    expect((await replay(job)).counts).toEqual({ done: 1, skipped: 0, failed: 0 })

    expect(logs.get('port-0')).toHaveLength(3)
    expect(await deliver()).toHaveLength(1)
  })

  test('counts what it settled before a crash as done, and what another one settled as skipped', async () => {
    const { refuseUnknown, ownWrite, deliver, create, replay } = createWorld()
    refuseUnknown(true)
    await ownWrite(makeEvent('a'))
    await deliver()
    const [first, second] = [await create(), await create()]

    await replay(first)

    expect((await replay(first)).counts).toEqual({ done: 1, skipped: 0, failed: 0 })
    expect((await replay(second)).counts).toEqual({ done: 0, skipped: 1, failed: 0 })
  })

  test('has no event twice that its writer had claimed at the position of the letter', async () => {
    const { refuseUnknown, ownWrite, deliver, create, replay, claims, openLetters } = createWorld()
    refuseUnknown(true)
    const [position] = await ownWrite(makeEvent('a'))
    if (position) await claims.claim(makeEvent('a'), position)
    await deliver()
    await replay(await create())
    await deliver() // fails again
    refuseUnknown(false)
    expect(await openLetters()).toMatchObject([{ offset: 1 }])

    await replay(await create())

    expect(await deliver()).toMatchObject([
      { offset: 2, replayOf: { topic: 'port', partition: 0, offset: 1 } },
    ])
    expect(await claims.find([makeEvent('a')])).toMatchObject([{ offset: 2 }])
  })

  test('does not make a record ours that a stranger wrote', async () => {
    const { write, deliver, create, replay, letters } = createWorld()
    write(makeEvent('a', { source: 'urn:tidewire:fold' }))
    await deliver()
    expect(await letters()).toMatchObject([{ code: 'forbidden' }])

    await replay(await create())
    await deliver()
    await replay(await create())

    expect(await deliver()).toEqual([])
    expect((await letters()).map(({ code, status }) => [code, status])).toEqual([
      ['forbidden', 'open'],
      ['forbidden', 'replayed'],
      ['forbidden', 'replayed'],
    ])
  })

  test('believes no header of a replay that a stranger wrote', async () => {
    const { logs, deliver, write, deps } = createWorld()
    write(makeEvent('a'))
    await deliver()
    const forged = { ...STRUCTURED, 'tidewire-replay-of': 'port/0/0' }
    logs.get('port-0')?.push({
      ...(logs.get('port-0')?.[0] as KafkaRecord),
      offset: 1,
      headers: Object.entries(forged).map(([name, text]) => ({ name, value: Buffer.from(text) })),
    })

    expect(await deliver()).toEqual([])
    expect(await deps.deadLetters.get({ topic: 'port', partition: 0, offset: 1 })).toBeNull()
  })

  test('puts a record of another topic where its category belongs', async () => {
    const { write, deliver, create, replay } = createWorld()
    write(makeEvent('a', { category: 'other.b' }))
    await deliver()

    await replay(await create())

    expect(await deliver()).toMatchObject([{ topic: 'other', event: { id: 'a' } }])
  })

  test('reads what a letter has not all of from Kafka, and fails where that is gone', async () => {
    const { refuseUnknown, write, deliver, create, replay } = createWorld()
    refuseUnknown(true)
    const large = makeEvent('a', { data: 'x'.repeat(300_000) })
    write(large)
    await deliver()
    refuseUnknown(false)
    const job = await create()

    expect((await replay(job, { readRecord: async () => null })).counts.failed).toBe(1)
    expect((await replay(job)).counts.done).toBe(1)
    expect(await deliver()).toMatchObject([{ event: { id: 'a', data: 'x'.repeat(300_000) } }])
  })

  test('skips a letter whose event was erased, and one that is gone', async () => {
    const { write, deliver, create, replay, letters, deps } = createWorld()
    write('{')
    await deliver()
    const job = await create()
    const [letter] = await letters()
    if (letter) await deps.deadLetters.erase(letter)

    expect((await replay(job)).counts.skipped).toBe(1)
    const gone = { ...deps.deadLetters, get: async () => null }
    expect((await replay(job, { deadLetters: gone })).counts.skipped).toBe(1)
  })

  test('writes the mended event in place of the record', async () => {
    const { write, deliver, create, replay, logs } = createWorld()
    write('{', { key: 'crane-4' })
    await deliver()

    const event = JSON.stringify(makeEvent('mended', { data: [1] })).replace('[1]', '[820982911946154508]')
    await replay(await create({ material: { event } }))

    expect(String(logs.get('port-0')?.[1]?.value)).toContain('"data":[820982911946154508]')
    expect(await deliver()).toMatchObject([
      { offset: 1, event: { id: 'mended' }, replayOf: { topic: 'port', partition: 0, offset: 0 } },
    ])
    expect(String(logs.get('port-0')?.[1]?.key)).toBe('crane-4')
  })

  test('fails as a whole if Kafka does not take the records, and settles none', async () => {
    const { write, deliver, create, replay, openLetters } = createWorld()
    write('{')
    await deliver()
    const down: RawLog = { append: () => Promise.reject(new Refusal('unavailable', 'Kafka is down')) }

    await expect(replay(await create(), { kafka: down })).rejects.toThrow('Kafka is down')
    expect(await openLetters()).toHaveLength(1)
  })
})

test('dead letters are discarded with a reason, once', async () => {
  const { write, deliver, create, deps, tools, letters } = createWorld()
  write('{')
  write('[')
  await deliver()
  const job = await create({ kind: 'discard', request: { reason: 'a test' } })

  const slice = await discardSlice(deps)(job, tools)
  const again = await discardSlice(deps)(job, tools)

  expect([slice.counts, again.counts]).toEqual([
    { done: 2, skipped: 0, failed: 0 },
    { done: 2, skipped: 0, failed: 0 },
  ])
  expect(await letters()).toMatchObject([
    { status: 'discarded', settled: { by: 'ada', reason: 'a test' } },
    { status: 'discarded' },
  ])
})
