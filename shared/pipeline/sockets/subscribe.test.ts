import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Principal } from '#shared/core/access/principal.ts'
import { MESSAGE_LIMITS, SUBSCRIPTION_LIMIT } from '#shared/core/limits.ts'
import type { ServerFrame, SubscribedFrame } from '#shared/core/messages.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { messageRates } from '#shared/pipeline/limits/message-rates.ts'
import type { EventStore, PostResult } from '#shared/pipeline/ports.ts'
import type { RevocationStore } from '#shared/pipeline/revocations.ts'
import { addEvent, type LoggedEvent, makeLog, trimmed } from '#shared/testing/accept/logs.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { memoryRevocationStore } from '#shared/testing/memory/memory-revocation-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { answerMessage, type MessageDeps } from './answer-message.ts'
import { mergeByTime } from './subscribe.ts'

const catalog = createCatalog([{ name: 'port', topics: { port: ['port.**'] }, events: {} }])
let frames: ServerFrame[]
let closed: string[]
let answer: (frame: ServerFrame) => PostResult
let deps: MessageDeps
let revocations: RevocationStore
let now: number

beforeEach(async () => {
  frames = []
  closed = []
  now = 1000
  revocations = memoryRevocationStore(() => now)
  answer = () => 'sent'
  deps = { ...(await depsOn([])) }
})

afterEach(() => void vi.useRealTimers())

async function depsOn(events: readonly LoggedEvent[]): Promise<MessageDeps> {
  const subscriptions = memorySubscriptionStore()
  await subscriptions.connect('c1', makePrincipal({ name: 'ada', role: 'viewer' }))
  const gateway: MessageDeps['gateway'] = {
    async post(_, text) {
      const frame: ServerFrame = JSON.parse(text)
      frames.push(frame)
      return answer(frame)
    },
    close: async (connection) => void closed.push(connection),
  }
  return {
    store: (await makeLog(events)).store,
    subscriptions,
    gateway,
    catalog,
    revocations,
    rates: messageRates(memoryLimits(), () => now),
    identify: async () => makePrincipal({ issued: 1, expires: 9e12 }),
    now: () => now,
  }
}

/** Handles a message. The answer comes after everything that was posted. */
async function send(message: unknown, connection = 'c1') {
  const text = typeof message === 'string' ? message : JSON.stringify(message)
  const last = await answerMessage(connection, text, Date.now() + 1000, deps)
  if (last !== null) frames.push(last)
}
const subscribe = (more: object = {}) =>
  send({ action: 'subscribe', id: 's1', attempt: 1, channels: ['port.*'], ...more })
const inPort = (count: number, given: object = {}) =>
  Array.from({ length: count }, () => ({ topic: 'port', partition: 0, event: given }))
const offsetsOf = () =>
  frames.flatMap((frame) => (frame.type === 'events' ? frame.events.map(({ offset }) => offset) : []))
const subscribed = () => frames.find((frame): frame is SubscribedFrame => frame.type === 'subscribed')
const epochOf = async (store: EventStore = deps.store) => (await store.topic('port')).epoch

describe('subscribing', () => {
  test('posts missed events as replay frames, oldest first, and `subscribed` with the heads last', async () => {
    deps = await depsOn(inPort(5))

    await subscribe({ since: `port@${await epochOf()}:0=1`, attempt: 7 })

    expect(frames.map(({ type }) => type)).toEqual(['events', 'subscribed'])
    expect(frames[0]).toMatchObject({
      ids: ['s1'],
      attempt: 7,
      replay: true,
      epochs: `port@${await epochOf()}:`,
    })
    expect(offsetsOf()).toEqual([2, 3, 4])
    expect(subscribed()).toEqual({
      type: 'subscribed',
      id: 's1',
      attempt: 7,
      cursor: `port@${await epochOf()}:0=4`,
      recovered: true,
    })
  })

  test('begins at `latest` with attempt 1 by default', async () => {
    deps = await depsOn(inPort(3))

    await send({ action: 'subscribe', id: 's1', channels: ['port.*'] })

    expect(offsetsOf()).toEqual([])
    expect(subscribed()).toMatchObject({ attempt: 1, recovered: true })
  })

  test('is registered before the heads are read, because otherwise an event between the two would be lost', async () => {
    const steps: string[] = []
    const { store, subscriptions } = deps
    deps = {
      ...deps,
      store: {
        ...store,
        topic(name) {
          steps.push('heads')
          return store.topic(name)
        },
      },
      subscriptions: {
        ...subscriptions,
        register(one) {
          steps.push('register')
          return subscriptions.register(one)
        },
      },
    }

    await subscribe()

    expect(steps).toEqual(['register', 'heads'])
  })

  test('replays only events that match its channels and filter, of every topic that they touch', async () => {
    deps = await depsOn([
      ...inPort(1, { severity: 'low' }),
      ...inPort(1, { severity: 'critical' }),
      { topic: 'events', partition: 0, event: { category: 'other.a', severity: 'critical' } },
    ])

    await subscribe({ channels: ['**'], filter: { severity: ['critical'] }, since: 'earliest' })

    expect(
      frames
        .flatMap((frame) =>
          frame.type === 'events' ? frame.events.map(({ topic, offset }) => `${topic}:${offset}`) : [],
        )
        .sort(),
    ).toEqual(['events:0', 'port:1'])
  })

  test('sends no response to an attempt that is older than the registered one', async () => {
    await subscribe({ attempt: 2 })
    frames = []

    await subscribe({ attempt: 1 })

    expect(frames).toEqual([])
    expect(await deps.subscriptions.list('c1')).toMatchObject([{ attempt: 2 }])
  })

  test.each([
    ['1,000 events on a socket', 1000, true],
    ['no more than that', 1001, false],
  ])('replays %s', { timeout: 20_000 }, async (_, count, isRecovered) => {
    deps = await depsOn(inPort(count))

    await subscribe({ since: 'earliest' })

    expect(offsetsOf()).toHaveLength(isRecovered ? count : 0)
    expect(subscribed()).toMatchObject(
      isRecovered ? { recovered: true } : { recovered: false, reason: 'too_far' },
    )
  })

  test('is too far behind for a socket if an event is too large for a frame', async () => {
    deps = await depsOn([...inPort(1), ...inPort(1, { data: 'x'.repeat(140_000) })])

    await subscribe({ since: 'earliest' })

    expect(frames).toMatchObject([{ type: 'subscribed', recovered: false, reason: 'too_far' }])
  })

  test('is too far behind if the records between cannot be read in time, and the rest is not read', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    deps = await depsOn(inPort(2500, { severity: 'low' }))
    const { store } = deps
    let reads = 0
    const read: EventStore['read'] = (...asked) => {
      reads += 1
      vi.advanceTimersByTime(6000)
      return store.read(...asked)
    }
    deps = { ...deps, store: { ...store, read } }
    const text = JSON.stringify({
      action: 'subscribe',
      id: 's1',
      channels: ['port.*'],
      filter: { severity: ['critical'] },
      since: 'earliest',
    })

    await answerMessage('c1', text, performance.now() + 20_000, deps)

    expect(reads).toBe(2)
    expect(frames).toMatchObject([{ type: 'subscribed', recovered: false, reason: 'too_far' }])
  })

  test('is too far behind if too many records are between the events', async () => {
    deps = await depsOn(inPort(1))
    await addEvent(deps.store, makeStored({ offset: 20_000 }, makeEvent('far')))

    await subscribe({ since: `port@${await epochOf()}:0=0` })

    expect(subscribed()).toMatchObject({ recovered: false, reason: 'too_far' })
  })

  test('reports what cannot be recovered, and replays the rest', async () => {
    deps = await depsOn(inPort(5))
    deps = { ...deps, store: trimmed(deps.store, 2) }
    await subscribe({ since: `port@${await epochOf()}:0=0` })
    expect([offsetsOf(), subscribed()]).toMatchObject([[3, 4], { recovered: false, reason: 'trimmed' }])

    frames = []
    await subscribe({ since: 'port@older:0=9' })
    expect([offsetsOf(), subscribed()]).toMatchObject([[3, 4], { recovered: false, reason: 'epoch' }])
  })

  test('a cursor ahead of the log is not recovered: all that there is comes, with where the log ends', async () => {
    deps = await depsOn(inPort(3))
    const epoch = await epochOf()
    await subscribe({ since: `port@${epoch}:0=9,4=1` })

    expect(offsetsOf()).toEqual([0, 1, 2])
    expect(frames[0]).toMatchObject({ replay: true, epochs: `port@${epoch}:0=2` })
    expect(subscribed()).toMatchObject({ cursor: `port@${epoch}:0=2`, recovered: false, reason: 'ahead' })
  })

  test('a cursor of a topic that does not exist is not recovered', async () => {
    deps = await depsOn(inPort(3))
    await subscribe({ since: `port@${await epochOf()}:0=2;nowhere@abc:0=1` })

    expect([offsetsOf(), subscribed()]).toMatchObject([[], { recovered: false, reason: 'ahead' }])
  })

  test('stops at a frame that fails and marks itself behind', async () => {
    deps = await depsOn(inPort(20, { data: 'x'.repeat(10_000) }))
    answer = () => (frames.length > 2 ? 'failed' : 'sent')

    await subscribe({ since: 'earliest' })

    expect(frames).toHaveLength(3)
    expect(await deps.subscriptions.list('c1')).toMatchObject([{ behind: true }])
  })

  test('removes a connection that is gone', async () => {
    answer = () => 'gone'

    await subscribe()

    expect(await deps.subscriptions.list('c1')).toEqual([])
  })

  test(`is refused for more than ${SUBSCRIPTION_LIMIT} subscriptions, but not for one that is replaced`, async () => {
    for (let index = 1; index <= SUBSCRIPTION_LIMIT; index++) await subscribe({ id: `s${index}` })
    frames = []

    await subscribe({ id: 'one-more' })
    await subscribe({ id: 's1', attempt: 2 })

    expect(frames).toMatchObject([
      { type: 'error', code: 'too_large', id: 'one-more' },
      { type: 'subscribed', id: 's1' },
    ])
  })

  test('is refused for an invalid `since`', async () => {
    await subscribe({ since: 'soon' })

    expect(frames).toMatchObject([{ type: 'error', code: 'malformed', id: 's1' }])
  })
})

describe('a message', () => {
  test('to unsubscribe ends the subscription', async () => {
    await subscribe()
    await send({ action: 'unsubscribe', id: 's1' })

    expect(frames.at(-1)).toEqual({ type: 'unsubscribed', id: 's1' })
    expect(await deps.subscriptions.list('c1')).toEqual([])
  })

  test('to ping gets whether the connection is behind', async () => {
    await subscribe()
    await send({ action: 'ping' })
    for (const one of await deps.subscriptions.list('c1')) await deps.subscriptions.markBehind(one)
    await send({ action: 'ping' })

    expect(frames.slice(1)).toMatchObject([
      { type: 'pong', behind: false },
      { type: 'pong', behind: true },
    ])
  })

  test.each(['', '{', 'null', '5', '[]', '{"action":"dance","id":"s9"}', '{"action":"subscribe","id":"s9"}'])(
    '%j gets an error, and the connection stays',
    async (text) => {
      await send(text)

      expect(frames).toMatchObject([
        { type: 'error', code: 'malformed', ...(text.includes('s9') && { id: 's9' }) },
      ])
      expect(closed).toEqual([])
    },
  )

  test('of an unknown connection gets an error, and the connection is closed', async () => {
    await send({ action: 'ping' }, 'unknown')

    expect(frames).toMatchObject([{ type: 'error', code: 'expired' }])
    expect(closed).toEqual(['unknown'])
  })

  test('that fails with a temporary error is not refused as invalid', async () => {
    deps = { ...deps, store: { ...deps.store, topic: () => Promise.reject(new Error('throttled')) } }

    await expect(subscribe()).rejects.toThrow('throttled')
    expect(frames).toEqual([])
  })
})

describe('who may read what', () => {
  const HOUR = 3_600_000
  const OTHER = createCatalog([
    { name: 'port', topics: { port: ['port.**'] }, events: {} },
    { name: 'tidewire', topics: { 'tidewire-audit': ['tidewire.audit.**'] }, events: {} },
  ])
  const openAs = async (given: Partial<Principal>) => {
    await deps.subscriptions.connect('c1', makePrincipal(given))
    frames = []
  }

  test('is asked at subscribe: a message with a channel that is not granted is refused as a whole', async () => {
    await openAs({ grants: [{ actions: 'read', channels: 'port.**', types: '**' }] })

    for (const channels of [['port.*', 'blog.*'], ['tidewire.audit.**'], ['market.user.bob']])
      await subscribe({ channels })

    expect(frames).toMatchObject([
      { type: 'error', code: 'forbidden', id: 's1', detail: expect.stringContaining('"blog.*"') },
      { type: 'error', code: 'forbidden', id: 's1', detail: expect.stringContaining('"tidewire.audit.**"') },
      { type: 'error', code: 'forbidden', id: 's1' },
    ])
    expect(await deps.subscriptions.list('c1')).toEqual([])
  })

  test('is asked of what is replayed, and topics that cannot be read are not looked at', async () => {
    const { store } = await makeLog([
      { topic: 'port', partition: 0, event: { category: 'port.a' } },
      { topic: 'port', partition: 0, event: { category: 'port.b' } },
      { topic: 'tidewire-audit', partition: 0, event: { category: 'tidewire.audit.keys' } },
    ])
    const read: string[] = []
    const topic: EventStore['topic'] = async (name) => {
      read.push(name)
      return store.topic(name)
    }
    deps = { ...deps, store: { ...store, topic }, catalog: OTHER }
    await openAs({ grants: [{ actions: 'read', channels: 'port.a', types: '**' }] })

    await subscribe({ channels: ['**'], since: 'earliest' })

    expect(offsetsOf()).toEqual([0])
    expect(read).not.toContain('tidewire-audit')
    expect(subscribed()?.cursor).not.toContain('tidewire-audit')
  })

  test('a message of a connection whose credential ended gets `expired`, and the connection is closed', async () => {
    await openAs({ expires: HOUR })
    await send({ action: 'ping' })
    now = HOUR
    await send({ action: 'ping' })

    expect(frames).toMatchObject([{ type: 'pong' }, { type: 'error', code: 'expired' }])
    expect(closed).toEqual(['c1'])
    expect(await deps.subscriptions.find('c1')).toBeNull()
  })

  test('a message of a connection whose user was revoked gets `expired`', async () => {
    await openAs({ issued: 50 })
    await subscribe()
    await revocations.revoke('ada', 50, HOUR)
    await send({ action: 'unsubscribe', id: 's1' })

    expect(frames.at(-1)).toMatchObject({ type: 'error', code: 'expired' })
    expect(closed).toEqual(['c1'])
  })

  describe('refresh', () => {
    const refresh = (principal: Partial<Principal>) => {
      deps = { ...deps, identify: async () => makePrincipal(principal) }
      return send({ action: 'refresh', token: 't' })
    }

    test('gives the connection the newer credential, with its role and grants, without a drop', async () => {
      await openAs({ expires: HOUR })
      await subscribe({ channels: ['**'] })
      await refresh({ role: 'admin', issued: 10, expires: 2 * HOUR })
      now = HOUR
      await send({ action: 'ping' })

      expect(frames.slice(1)).toMatchObject([
        { type: 'refreshed', expires: new Date(2 * HOUR).toISOString() },
        { type: 'pong' },
      ])
      const rows = (await deps.subscriptions.matching(['**'])).get('**') ?? []
      expect(rows).toMatchObject([{ id: 's1', attempt: 1, reader: { role: 'admin', expires: 2 * HOUR } }])
      expect(closed).toEqual([])
    })

    test('saves a connection whose credential has just expired', async () => {
      await openAs({ expires: HOUR })
      now = HOUR
      await refresh({ issued: 10, expires: 2 * HOUR })

      expect(frames).toMatchObject([{ type: 'refreshed' }])
    })

    test('of a credential that does not expire says when the connection ends', async () => {
      await openAs({})
      const ends = (await deps.subscriptions.find('c1'))?.ends ?? 0
      await refresh({ issued: 10 })

      expect(frames).toEqual([{ type: 'refreshed', expires: new Date(ends).toISOString() }])
    })

    test.each([
      ['of somebody else', { name: 'bob', issued: 10 }, 'forbidden'],
      ['of a key with the name of the user', { name: 'key:ada', kind: 'key' }, 'forbidden'],
      ['that has expired', { issued: 10, expires: 900 }, 'unauthenticated'],
      ['that was revoked', { issued: 5, expires: HOUR }, 'unauthenticated'],
    ] as const)('with a credential %s is refused, and the connection stays', async (_, principal, code) => {
      await openAs({ issued: 6, expires: HOUR })
      await revocations.revoke('ada', 5, HOUR)
      await refresh(principal)
      await send({ action: 'ping' })

      expect(frames).toMatchObject([{ type: 'error', code }, { type: 'pong' }])
      expect((await deps.subscriptions.find('c1'))?.principal).toMatchObject({ issued: 6 })
    })

    test('with what is no credential is refused with the reason', async () => {
      const refusal = new Refusal('unauthenticated', 'This token is not valid.')
      deps = { ...deps, identify: () => Promise.reject(refusal) }
      await send({ action: 'refresh', token: 't' })

      expect(frames).toEqual([{ type: 'error', code: 'unauthenticated', detail: 'This token is not valid.' }])
      expect(closed).toEqual([])
    })
  })

  test('too many messages in ten seconds are refused, and far too many close the connection', async () => {
    let messages = MESSAGE_LIMITS.allowed
    const { subscriptions } = deps
    const countMessage: typeof subscriptions.countMessage = async (connection) => {
      const open = await subscriptions.countMessage(connection)
      return open && { ...open, messages }
    }
    deps = { ...deps, subscriptions: { ...subscriptions, countMessage } }
    await send({ action: 'ping' })
    messages++
    await subscribe({ id: 's9' })
    messages = MESSAGE_LIMITS.closing + 1
    await send({ action: 'ping' })

    expect(frames).toMatchObject([
      { type: 'pong' },
      { type: 'error', code: 'rate_limited', id: 's9' },
      { type: 'error', code: 'rate_limited' },
    ])
    expect(closed).toEqual(['c1'])
  })
})

describe('of one principal with several sockets', () => {
  beforeEach(async () => {
    deps = { ...deps, rates: messageRates(memoryLimits({ rates: 'messages=4', now: () => now }), () => now) }
    for (const connection of ['c2', 'c3'])
      await deps.subscriptions.connect(connection, makePrincipal({ name: 'ada', role: 'viewer' }))
    await deps.subscriptions.connect('d1', makePrincipal({ name: 'bob', role: 'viewer' }))
  })

  test('the messages share a rate, those above it ask nothing of the tables, and others have their own', async () => {
    const counted: string[] = []
    const { subscriptions } = deps
    deps = {
      ...deps,
      subscriptions: {
        ...subscriptions,
        countMessage: (connection) => {
          counted.push(connection)
          return subscriptions.countMessage(connection)
        },
      },
    }
    for (const connection of ['c1', 'c2', 'c3', 'c1', 'c2', 'c3', 'd1'])
      await send({ action: 'ping' }, connection)

    expect(frames.map(({ type }) => type)).toEqual(['pong', 'pong', 'pong', 'pong', 'error', 'error', 'pong'])
    expect(frames[4]).toMatchObject({ code: 'rate_limited' })
    expect(counted).toEqual(['c1', 'c2', 'c3', 'c1', 'd1'])
    now += 1000
    await send({ action: 'ping' }, 'c3')
    expect(frames.at(-1)).toMatchObject({ type: 'pong' })
  })

  test('a connection whose messages are refused again and again is closed', async () => {
    for (let count = 0; count < 4; count++) await send({ action: 'ping' })
    for (let count = 0; count < MESSAGE_LIMITS.closing / 10; count++) await send({ action: 'ping' })
    expect(closed).toEqual([])
    await send({ action: 'ping' })

    expect(closed).toEqual(['c1'])
    expect(await deps.subscriptions.find('c1')).toBeNull()
  })
})

test('merging by time keeps every event and the order within each list, and returns the oldest first', () => {
  const list = (partition: number) =>
    fc
      .array(fc.nat(20), { maxLength: 10 })
      .map((times) =>
        times.map((timestamp, offset) => makeStored({ partition, offset, timestamp }, makeEvent('e'))),
      )
  const property = fc.property(fc.tuple(list(0), list(1), list(2)), (lists) => {
    const merged = mergeByTime(lists)

    expect(merged).toHaveLength(lists.flat().length)
    for (const [partition, own] of lists.entries())
      expect(merged.filter((one) => one.partition === partition)).toEqual(own)
    const sorted = lists.map((own) => [...own].sort((a, b) => a.timestamp - b.timestamp))
    const times = mergeByTime(sorted).map(({ timestamp }) => timestamp)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })
  fc.assert(property)
})
