import { describe, expect, test } from 'vitest'
import { parseRetention } from '#shared/core/retention.ts'
import { makeLetter } from '#shared/testing/dead-letters/letters.ts'
import { countingDynamodb } from '#shared/testing/dynamodb/counting-dynamodb.ts'
import { TINY_TABLES } from '#shared/testing/dynamodb/tiny-dynamodb.ts'
import { registerOn } from '#shared/testing/sockets/register-on.ts'
import { dynamoClaimStore } from './dynamo-claim-store.ts'
import { dynamoDeadLetterStore } from './dynamo-dead-letter-store.ts'
import { putAll } from './dynamo-requests.ts'
import { dynamoSubscriptionStore } from './dynamo-subscription-store.ts'
import { dynamoViewStore } from './dynamo-view-store.ts'
import { connectionCounter } from './subscriptions/connection-counter.ts'
import { spreadOf } from './view-spreads.ts'

const NOW = Math.floor(Date.now() / 1000)
const PAST = NOW - 60
const FUTURE = NOW + 3600
const MANY = 3000
const retention = parseRetention('7d')
const numbers = Array.from({ length: MANY }, (_, index) => index)

/** What has expired and is not deleted yet, thousands of it: no request of a client may look through it all. */
describe('among 3,000 expired items', () => {
  test('the newest dead letters are listed, and a list that finds none ends', async () => {
    const { client, calls, reset } = countingDynamodb()
    const store = dynamoDeadLetterStore(client, { table: TINY_TABLES.deadLetters, retention })
    const letter = (offset: number) => makeLetter({ offset, timestamp: offset })
    const expired = numbers.map((offset) => ({
      ...letter(offset),
      position: `${String(offset).padStart(15, '0')}#${String(offset).padStart(16, '0')}#0`,
      expires: PAST,
    }))
    const list = () => store.list({ topics: ['t'], filter: {}, limit: 50 })
    await putAll(client, TINY_TABLES.deadLetters, expired)
    reset()

    expect(await list()).toEqual({ letters: [], next: null })
    expect(calls().length).toBeLessThanOrEqual(11)
    await store.put(letter(MANY))
    reset()
    expect((await list()).letters.map(({ offset }) => offset)).toEqual([MANY])
    expect(calls().length).toBeLessThanOrEqual(11)
  })

  test('a page of a view ends early, and the pages reach every part that is live', async () => {
    const { client, calls, reset } = countingDynamodb()
    const store = dynamoViewStore(client, { table: TINY_TABLES.views, retention })
    const keyOf = (index: number) => `k${String(index).padStart(5, '0')}`
    const part = (index: number) => ({
      view: spreadOf('d/v', keyOf(index)),
      part: `${keyOf(index)}\u0000t\u00000000000000`,
      key: keyOf(index),
      topic: 't',
      partition: 0,
      epoch: 'e',
      offset: index,
      state: '{}',
    })
    const isLive = (index: number) => index % 997 === 500 || index === MANY - 1
    const items = numbers.map((index) => ({ ...part(index), expires: isLive(index) ? FUTURE : PAST }))
    await putAll(client, TINY_TABLES.views, items)
    const found: string[] = []
    const requests: number[] = []
    for (let after: string | null | undefined; after !== null; ) {
      reset()
      const page = await store.read('d/v', { limit: 50, ...(after !== undefined && { after }) })
      requests.push(calls().length)
      found.push(...page.parts.map(({ key }) => key))
      after = page.next
    }

    expect(found).toEqual(numbers.filter(isLive).map(keyOf))
    expect(requests.length).toBeGreaterThan(3)
    expect(Math.max(...requests)).toBeLessThanOrEqual(8 * 5)
  })

  test('the claims on an id are looked for in few requests', async () => {
    const { client, calls, reset } = countingDynamodb()
    const store = dynamoClaimStore(client, { table: TINY_TABLES.claims, retention })
    const place = { topic: 't', partition: 0, offset: 1 }
    const expired = numbers.map((index) => ({ id: 'x', source: `/s${index}`, ...place, expires: PAST }))
    await putAll(client, TINY_TABLES.claims, expired)
    await store.claim({ id: 'x', source: '/a' }, place)
    reset()

    expect(await store.findById('x')).toEqual([{ ...place, source: '/a' }])
    expect(calls().length).toBeLessThanOrEqual(3)
  })

  test('a worker that reads a whole pattern deletes some of the expired rows, and keeps none of them', async () => {
    const { client, calls, reset } = countingDynamodb()
    const open = () => dynamoSubscriptionStore(client, TINY_TABLES, { shard: 0, shards: 1 })
    const request = { id: 's1', attempt: 1, channels: ['a.b'] }
    const rows = numbers.map((index) => ({
      ...request,
      connection: `c${index}`,
      registration: 1,
      behind: false,
      expires: PAST,
      channel: '1/0|a.b',
      subscriber: `c${index}#s1`,
    }))
    await putAll(client, TINY_TABLES.subscriptions, rows)
    await registerOn(open(), { ...request, connection: 'live' })
    reset()
    const worker = open()
    const matching = async (one = worker) =>
      (await one.matching(['a.b'])).get('a.b')?.map(({ connection }) => connection)

    expect(await matching()).toEqual(['live'])
    expect(calls().filter(({ command }) => command === 'Delete')).toHaveLength(100)
    for (let reads = 0; reads < MANY / 100; reads++) expect(await matching(open())).toEqual(['live'])
    reset()
    expect(await matching(open())).toEqual(['live'])
    expect(calls().map(({ command }) => command)).toEqual(['BatchGet', 'Query'])

    await registerOn(open(), { ...request, connection: 'next' })
    reset()
    expect(await matching()).toEqual(['live', 'next'])
    expect(calls().map(({ command }) => command)).toEqual(['BatchGet', 'BatchGet']) // the version, and the row it names
  })

  test('connections are counted in one request', async () => {
    const { client, calls, reset } = countingDynamodb()
    const span = Math.floor(NOW / 600)
    const ended = numbers.map((index) => ({
      connection: 'count#connections',
      item: String(span - 1 - index),
      count: 5,
      expires: PAST,
    }))
    await putAll(client, TINY_TABLES.connections, ended)
    const counter = connectionCounter(client, TINY_TABLES.connections)
    await counter.add(FUTURE, 1)
    reset()

    expect(await counter.count(NOW)).toBe(1)
    expect(calls()).toHaveLength(1)
  })
})
