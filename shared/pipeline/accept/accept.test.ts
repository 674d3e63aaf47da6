import { beforeEach, describe, expect, test } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { type ClaimKey, type ClaimStore, LEASE_SECONDS } from '#shared/pipeline/claim-store.ts'
import type { NewRecord } from '#shared/pipeline/ports.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { type AcceptDeps, accept, acceptFrom } from './accept.ts'

const NONE: ReadonlySet<string> = new Set()
const binding = (fingerprint: string) => ({ key: { source: 'keys', id: 'k' }, fingerprint })
let appended: NewRecord[]
let time: number
let calls: string[]
let deps: AcceptDeps & { fail: Error | null }

beforeEach(() => {
  appended = []
  calls = []
  time = 0
  let ids = 0
  deps = {
    fail: null,
    claims: counted(memoryClaimStore(undefined, () => time)),
    catalog: createCatalog([]),
    newId: () => `owner ${++ids}`,
    kafka: {
      async append(records) {
        if (deps.fail) throw deps.fail
        return records.map((record) => ({
          topic: record.topic,
          partition: 0,
          offset: appended.push(record) - 1,
        }))
      },
    },
  }
})

/** Wraps a store and records the name of each call. */
function counted(store: ClaimStore): ClaimStore {
  const note =
    <A extends unknown[], R>(name: string, call: (...args: A) => R) =>
    (...args: A): R => {
      calls.push(name)
      return call(...args)
    }
  return {
    claim: note('claim', store.claim),
    find: note('find', store.find),
    move: note('move', store.move),
    claimMade: note('claimMade', store.claimMade),
    findById: note('findById', store.findById),
    lease: note('lease', store.lease),
    release: note('release', store.release),
    bind: note('bind', store.bind),
  }
}

const post = (ids: readonly string[], madeIds = NONE) =>
  accept(
    ids.map((id) => makeEvent(id)),
    madeIds,
    deps,
  )
const offsetsOf = (receipts: readonly { readonly offset: number }[]) => receipts.map(({ offset }) => offset)

describe('the cost', () => {
  test('is nothing for a generated id', async () => {
    await post(['made'], new Set(['made']))
    expect(calls).toEqual([])
  })

  test('is a lease and a claim for an id of the producer, and only a lease for a repeat', async () => {
    await post(['given'])
    expect(calls).toEqual(['lease', 'claim'])
    await post(['given'])
    expect(calls).toEqual(['lease', 'claim', 'lease'])
  })

  test('is a look-up, one lease and a claim for each id of a batch, and only a look-up for its repeat', async () => {
    await post(['a', 'b', 'c'])
    expect(calls).toEqual(['find', 'lease', 'claim', 'claim', 'claim'])
    await post(['c', 'a', 'b'])
    expect(calls.slice(5)).toEqual(['find'])
  })
})

describe('a response', () => {
  test('names the first position of each event, in the order of the request, repeats included', async () => {
    expect(offsetsOf(await post(['a', 'b']))).toEqual([0, 1])
    expect(offsetsOf(await post(['c', 'b', 'c', 'a']))).toEqual([2, 1, 2, 0])
    expect(appended).toHaveLength(3)
  })

  test('names the record that a consumer of the log claimed meanwhile', async () => {
    const { append } = deps.kafka
    const kafka = {
      async append(records: readonly NewRecord[]) {
        await deps.claims.claim(makeEvent('a'), { topic: 'events', partition: 2, offset: 9, epoch: 'e' })
        return append(records)
      },
    }
    const [receipt] = await accept([makeEvent('a')], NONE, { ...deps, kafka })
    expect(receipt).toEqual({ id: 'a', source: '/tests', topic: 'events', partition: 2, offset: 9 })
  })
})

describe('an event that another request is writing', () => {
  test.each([[['a']], [['a', 'b', 'c']]])('is refused with a retry: %j', async (ids) => {
    const written = Promise.withResolvers<void>()
    const { append } = deps.kafka
    const kafka = { append: (records: readonly NewRecord[]) => written.promise.then(() => append(records)) }
    const events = ids.map((id) => makeEvent(id))
    const first = accept(events, NONE, { ...deps, kafka })
    await new Promise(setImmediate)

    await expect(post([...ids].reverse())).rejects.toMatchObject({ code: 'conflict', retryAfterSeconds: 1 })

    written.resolve()
    const answers = [await first, await post(ids)]
    expect(answers[1]).toEqual(answers[0])
    expect(appended).toHaveLength(ids.length)
  })

  test('leaves no lease behind, because the claim of the pair takes its place', async () => {
    const leased: ClaimKey[] = []
    const { lease } = deps.claims
    const claims: ClaimStore = {
      ...deps.claims,
      lease: (key, owner) => {
        leased.push(key)
        return lease(key, owner)
      },
    }
    for (const ids of [['a'], ['c', 'b'], ['b', 'e', 'd']])
      await accept(
        ids.map((id) => makeEvent(id)),
        NONE,
        { ...deps, claims },
      )

    expect(leased.map(({ id }) => id)).toEqual(['a', 'b', 'd'])
    expect(await claims.find(leased)).not.toContain(null)
  })

  test('is written again by a batch that only overlaps, and gets the same position', async () => {
    await deps.claims.lease(makeEvent('b'), 'somebody')
    const [, batch] = await post(['a', 'b', 'c'])
    expect(
      await deps.claims.claim(makeEvent('b'), { topic: 'events', partition: 0, offset: 99 }),
    ).toMatchObject({
      offset: batch?.offset,
    })
  })

  test('is accepted once the lease of a crashed writer has run out', async () => {
    await deps.claims.lease(makeEvent('a'), 'crashed')
    await expect(post(['a'])).rejects.toMatchObject({ code: 'conflict' })
    time = LEASE_SECONDS * 1000
    expect(offsetsOf(await post(['a']))).toEqual([0])
  })
})

test('a lease that was taken before the clock was set back is free', async () => {
  time = 3_600_000
  await deps.claims.lease(makeEvent('a'), 'before')
  await deps.claims.lease(makeEvent('b'), 'before')
  time = 0
  expect(offsetsOf(await post(['a']))).toEqual([0])
  expect(offsetsOf(await post(['b', 'c']))).toEqual([1, 2])
})

describe('when Kafka cannot be written', () => {
  test('the leases are released, so the sender can retry at once', async () => {
    deps.fail = new Refusal('unavailable', 'down', { retryAfterSeconds: 2 })
    await expect(post(['a', 'b'])).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
    deps.fail = null
    expect(offsetsOf(await post(['a', 'b']))).toEqual([0, 1])
  })
})

describe('when the claims cannot be written', () => {
  test.each(['lease', 'claim', 'bind'] as const)('the request can be retried (%s)', async (call) => {
    const broken = async () => {
      throw new Error('throttled')
    }
    const claims = { ...deps.claims, [call]: broken }
    const work = accept([makeEvent('a')], NONE, { ...deps, claims }, binding('f'))
    await expect(work).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
  })
})

describe('an idempotency key', () => {
  test('is bound to its request, even if the request failed', async () => {
    deps.fail = new Refusal('unavailable', 'down')
    await accept([makeEvent('a')], NONE, deps, binding('f1')).catch(() => {})
    deps.fail = null

    const other = accept([makeEvent('a')], NONE, deps, binding('f2'))
    await expect(other).rejects.toMatchObject({ code: 'idempotency_key_reused' })
    expect(appended).toEqual([])
    expect(offsetsOf(await accept([makeEvent('a')], NONE, deps, binding('f1')))).toEqual([0])
  })

  test('is not bound by an invalid request', async () => {
    const bad = accept([makeEvent('a', { category: 'not a channel' })], NONE, deps, binding('f1'))
    await expect(bad).rejects.toMatchObject({ code: 'invalid_event' })
    expect(calls).toEqual([])
  })
})

describe('an event of an author', () => {
  const author = makePrincipal({ name: 'pat', role: 'publisher' })
  const owner = makePrincipal({ name: 'key:owner', role: 'publisher', sources: ['/owned'] })
  const sourceOwner = async (source: string) => (source === '/owned' ? 'key:owner' : null)
  /** Posts events with these ids, each with a digest, and the source that the author gave. */
  const postFrom = (ids: readonly string[], digest: string, { source = '/tests', by = author } = {}) =>
    acceptFrom(
      by,
      {
        events: ids.map((id) => makeEvent(id, { source })),
        sent: ids.map((id) => ({ source, digest: `${digest} ${id}` })),
        madeIds: NONE,
      },
      { ...deps, sourceOwner },
    )

  test('is a repeat if it is the same, whoever sends it', async () => {
    await postFrom(['a'], 'd1')
    expect(offsetsOf(await postFrom(['a'], 'd1', { by: owner }))).toEqual([0])
    expect(appended).toHaveLength(1)
  })

  test('is a conflict without a retry if another event has its id, never a repeat', async () => {
    await postFrom(['a'], 'd1')

    const refused = await postFrom(['a'], 'd2').catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'conflict', retryable: false })
    expect(appended).toHaveLength(1)
  })

  test('is named by its index where a batch has an id of another event, and nothing is written', async () => {
    await postFrom(['b'], 'd1')

    const refused = await postFrom(['a', 'b', 'c'], 'd2').catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'conflict', faults: [{ index: 1, pointer: '/id' }] })
    expect(appended).toHaveLength(1)
    expect(offsetsOf(await postFrom(['a', 'c'], 'd2'))).toEqual([1, 2])
  })

  test('may be twice in a batch, but not with other content', async () => {
    expect(offsetsOf(await postFrom(['a', 'a'], 'd1'))).toEqual([0, 0])
    const events = [makeEvent('b'), makeEvent('b')]
    const sent = ['d1', 'd2'].map((digest) => ({ source: '/tests', digest }))
    const refused = acceptFrom(author, { events, sent, madeIds: NONE }, { ...deps, sourceOwner })
    await expect(refused).rejects.toMatchObject({ code: 'conflict', faults: [{ index: 0 }] })
    expect(appended).toHaveLength(1)
  })

  test('is a conflict if a consumer of the log claimed its id for another event meanwhile', async () => {
    const { append } = deps.kafka
    const claim = { topic: 'events', partition: 2, offset: 9, digest: 'of another' }
    deps = {
      ...deps,
      kafka: {
        async append(records) {
          await deps.claims.claim(makeEvent('a'), claim)
          return append(records)
        },
      },
    }
    await expect(postFrom(['a'], 'd1')).rejects.toMatchObject({ code: 'conflict' })
  })

  test('carries its digest in the record, so that consumers claim it with the same one', async () => {
    await postFrom(['a'], 'd1')
    expect(appended[0]?.headers).toMatchObject({ 'tidewire-digest': 'd1 a' })
  })

  test.each(['urn:tidewire:fold:market/book', 'URN:TIDEWIRE:moves', 'urn:tidewire:api'])(
    'is refused with the source %s, which is that of Tidewire',
    async (source) => {
      const refused = await postFrom(['a'], 'd', { source }).catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: 'forbidden', faults: [{ pointer: '/source' }] })
      expect(appended).toEqual([])
    },
  )

  test('is refused with a source that belongs to other credentials, which may use it', async () => {
    const refused = await postFrom(['a', 'b'], 'd', { source: '/owned' }).catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'forbidden',
      faults: [
        { index: 0, pointer: '/source' },
        { index: 1, pointer: '/source' },
      ],
    })
    expect(appended).toEqual([])
    expect(await postFrom(['a'], 'd', { source: '/owned', by: owner })).toHaveLength(1)
  })

  test('is neither written nor refused for good while nobody can say whose source it is', async () => {
    const events = [makeEvent('a')]
    const work = acceptFrom(
      author,
      { events, sent: [{ source: '/tests', digest: 'd' }], madeIds: NONE },
      { ...deps, sourceOwner: () => Promise.reject(new Error('no table')) },
    )
    await expect(work).rejects.toMatchObject({ code: 'unavailable', retryable: true })
    expect(appended).toEqual([])
  })
})
