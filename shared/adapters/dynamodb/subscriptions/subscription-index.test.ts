import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import type { DocumentClient } from '#shared/adapters/dynamodb/commands.ts'
import { dynamoSubscriptionStore } from '#shared/adapters/dynamodb/dynamo-subscription-store.ts'
import { createScheduler } from '#shared/testing/delivery/scheduler.ts'
import { TINY_TABLES, tinyDynamodb } from '#shared/testing/dynamodb/tiny-dynamodb.ts'
import { createRandom } from '#shared/testing/random.ts'
import { registerOn } from '#shared/testing/sockets/register-on.ts'
import { propertyRuns } from '#shared/testing/test-seed.ts'
import { NAMED_CHANGES } from './pattern-version.ts'

const RUNS = propertyRuns(300)
/** A broken rule is found within this many runs. */
const TEETH_RUNS = 2000
const WHOLE = { shard: 0, shards: 1 }
const CHANNEL = 'port.ship'

afterEach(() => void vi.useRealTimers())

type Command = { readonly input: Record<string, unknown>; readonly constructor: { readonly name: string } }
type Send = (command: Command) => Promise<Record<string, unknown>>
/** Changes what a client sends or gets. */
type Tamper = (send: Send) => Send

function tampered(client: DocumentClient, tamper: Tamper): DocumentClient {
  const send: Send = (command) => client.send(command as never) as never
  return { send: tamper(send) } as unknown as DocumentClient
}

/** Two stores on the same data: one that writes, and a reader whose requests and items read are counted. */
function openStores(tamper: Tamper = (send) => send) {
  const { client } = tinyDynamodb()
  let reads: { readonly name: string; readonly items: number }[] = []
  const counting: Tamper = (send) => async (command) => {
    const response = await tamper(send)(command)
    const { Items, Responses } = response as { Items?: unknown[]; Responses?: Record<string, unknown[]> }
    const items = Items ?? Object.values(Responses ?? {}).flat()
    reads.push({ name: command.constructor.name, items: items.length })
    return response
  }
  const writer = dynamoSubscriptionStore(client, TINY_TABLES, WHOLE)
  const reader = dynamoSubscriptionStore(tampered(client, counting), TINY_TABLES, WHOLE)
  const subscribe = (from: number, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        registerOn(writer, { connection: `c${from + index}`, id: 's', attempt: 1, channels: [CHANNEL] }),
      ),
    )
  /** Matches, and returns how many were found and what was read for it. */
  const match = async () => {
    reads = []
    const found = await reader.matching([CHANNEL])
    return { found: found.get(CHANNEL)?.length ?? 0, reads }
  }
  return { writer, subscribe, match, reads: () => reads }
}

const VERSION_ONLY = { name: 'BatchGetCommand', items: 1 }

test('a look at a pattern that has not changed reads its version and nothing else', async () => {
  const { subscribe, match } = openStores()
  await subscribe(0, 500)
  await match()

  expect(await match()).toEqual({ found: 500, reads: [VERSION_ONLY] })
})

test('a newcomer among many, a removal and a mark each read one row again', async () => {
  const { writer, subscribe, match } = openStores()
  await subscribe(0, 500)
  await match()

  await subscribe(500, 1)
  const newcomer = await match()
  await writer.remove('c3', 's')
  const removal = await match()
  const [marked] = await writer.list('c4')
  if (marked) await writer.markBehind(marked)
  const mark = await match()

  const oneRow = { name: 'BatchGetCommand', items: 1 }
  expect(newcomer).toEqual({ found: 501, reads: [VERSION_ONLY, oneRow] })
  expect(removal).toEqual({ found: 500, reads: [VERSION_ONLY, { ...oneRow, items: 0 }] })
  expect(mark).toEqual({ found: 500, reads: [VERSION_ONLY, oneRow] })
})

test('partitions that see the same newcomer at the same time read it once', async () => {
  const { subscribe, match, reads } = openStores()
  await subscribe(0, 50)
  await match()
  await subscribe(50, 1)

  const found = await Promise.all([match(), match(), match()])

  expect(found.map((one) => one.found)).toEqual([51, 51, 51])
  expect(reads()).toEqual([VERSION_ONLY, { name: 'BatchGetCommand', items: 1 }])
})

test('as many changes as are named are read one by one; with one more, the whole pattern is read', async () => {
  const { subscribe, match } = openStores()
  await subscribe(0, 100)
  await match()

  await subscribe(100, NAMED_CHANGES)
  const named = await match()
  await subscribe(200, NAMED_CHANGES + 1)
  const more = await match()

  expect(named.reads).toEqual([VERSION_ONLY, { name: 'BatchGetCommand', items: NAMED_CHANGES }])
  expect(more.found).toBe(100 + NAMED_CHANGES + NAMED_CHANGES + 1)
  expect(more.reads.map(({ name }) => name)).toEqual(['BatchGetCommand', 'QueryCommand'])
})

test('the whole pattern is read if a change since the known version is not named', async () => {
  const { subscribe, match } = openStores((send) => async (command) => {
    const response = await send(command)
    const { Responses } = response as { Responses?: Record<string, Record<string, unknown>[]> }
    for (const item of Responses?.subscriptions ?? []) if (item.c1 !== undefined) item.c1 = '-'
    return response
  })
  await subscribe(0, 10)
  await match()
  await subscribe(10, 3)

  const { found, reads } = await match()

  expect(found).toBe(13)
  expect(reads.at(-1)?.name).toBe('QueryCommand')
})

test('rows that expire one after another are dropped without a read', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
  const { subscribe, match } = openStores()
  for (let index = 0; index < 5; index++) {
    await subscribe(index, 1)
    vi.advanceTimersByTime(1000)
  }
  await match()
  vi.advanceTimersByTime((2 * 3600 + 600 - 5) * 1000)

  for (const left of [4, 3, 2, 1, 0]) {
    expect(await match()).toEqual({ found: left, reads: [VERSION_ONLY] })
    vi.advanceTimersByTime(1000)
  }
})

test('with many viewers, a storm of newcomers is read one by one', async () => {
  const { subscribe, match } = openStores()
  await subscribe(0, 3000)
  await match()

  await subscribe(3000, 100)
  const { found, reads } = await match()

  const items = reads.map((read) => read.items)
  expect(found).toBe(3100)
  expect(reads.every(({ name }) => name === 'BatchGetCommand')).toBe(true)
  expect(Math.max(...items)).toBeLessThanOrEqual(100)
  expect(items.reduce((sum, count) => sum + count)).toBeLessThan(100 + 2 * NAMED_CHANGES)
})

const PATTERNS = ['a', 'b'] as const

/**
 * Clients that subscribe, are marked and leave, one thing after another; some crash halfway. Two partitions of a worker
 * match meanwhile, with one index. Returns every match that did not have exactly the subscriptions of the clients that
 * changed nothing while it ran.
 */
async function race(seed: number, tamper: Tamper): Promise<string[]> {
  const random = createRandom(seed)
  const scheduler = createScheduler(random)
  const tiny = tinyDynamodb({ yieldPoint: scheduler.yieldPoint, pageItems: 2 })
  const open = () => dynamoSubscriptionStore(tampered(tiny.client, tamper), TINY_TABLES, WHOLE)
  const worker = open()
  const faults: string[] = []
  const clients = Array.from({ length: 3 }, (_, index) => ({
    connection: `c${index}`,
    changes: 0,
    rows: [] as readonly string[],
    isChanging: false,
  }))
  const actAsClient = async (client: (typeof clients)[number]) => {
    const { connection } = client
    for (let attempt = 1; attempt <= 3; attempt++) {
      client.isChanging = true
      client.changes++
      const channels = random.next() < 0.5 ? ['a'] : [...PATTERNS]
      const ref = await registerOn(open(), { connection, id: 's', attempt, channels })
      if (ref && random.next() < 0.3) {
        await open().markBehind(ref)
        client.rows = channels.map((pattern) => `${pattern} ${connection} ${attempt} behind`)
      } else if (random.next() < 0.3) {
        await open().remove(connection, 's')
        client.rows = []
      } else client.rows = channels.map((pattern) => `${pattern} ${connection} ${attempt}`)
      client.isChanging = false
      await scheduler.yieldPoint()
    }
  }
  const matchOften = async () => {
    for (let count = 0; count < 5; count++) {
      const before = clients.map((client) => ({ ...client }))
      const found = [...(await worker.matching(PATTERNS))].flatMap(([pattern, rows]) =>
        rows.map(({ connection, attempt, behind }) => ({
          connection,
          row: `${pattern} ${connection} ${attempt}${behind ? ' behind' : ''}`,
        })),
      )
      for (const [index, { connection, changes, rows, isChanging }] of before.entries()) {
        if (isChanging || clients[index]?.changes !== changes) continue
        const own = found.filter((one) => one.connection === connection).map(({ row }) => row)
        if (own.sort().join() !== rows.join()) faults.push(`${own} instead of ${rows}`)
      }
      await scheduler.yieldPoint()
    }
  }
  const actors = clients.map((client) => scheduler.spawn(client.connection, () => actAsClient(client)))
  for (const name of ['partition 0', 'partition 1']) scheduler.spawn(name, matchOften)
  const crashAt = random.pick(200)
  for (let step = 0; await scheduler.step(); step++) {
    const [unlucky] = actors
    if (step === crashAt && unlucky) scheduler.crash(unlucky)
  }
  return faults
}

const SOUND: Tamper = (send) => send

test('every match has what was answered before it began, in any interleaving', {
  timeout: 60_000,
}, async () => {
  const property = fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 1 }), async (own) => {
    expect(await race(own, SOUND)).toEqual([])
  })

  await fc.assert(property, { numRuns: RUNS })
})

/** Counts and names the change before the row is written. */
const versionBeforeRow: Tamper = (send) => {
  let waiting: Command[] = []
  return async (command) => {
    const { input } = command
    if (input.TableName !== 'subscriptions' || command.constructor.name === 'QueryCommand')
      return send(command)
    const isVersion = String((input.Key as { channel?: string } | undefined)?.channel).startsWith('version#')
    if (!isVersion) {
      waiting.push(command)
      return {}
    }
    const rows = waiting
    waiting = []
    await send(command)
    for (const row of rows) await send(row).catch(() => {}) // refused by its condition
    return {}
  }
}

/** Writes the rows of a pattern and never counts the change. */
const noVersion: Tamper = (send) => async (command) => {
  const key = command.input.Key as { channel?: string } | undefined
  return key?.channel?.startsWith('version#') ? {} : send(command)
}

/** Names the last change in the place of the one before it. */
const wrongName: Tamper = (send) => async (command) => {
  const response = await send(command)
  const { Responses } = response as { Responses?: Record<string, Record<string, unknown>[]> }
  for (const item of Responses?.subscriptions ?? []) if (item.c1 !== undefined) item.c1 = item.c0
  return response
}

test.each(Object.entries({ versionBeforeRow, noVersion, wrongName }))(
  'with %s, a match lacks something',
  { timeout: 60_000 },
  async (_, tamper) => {
    let faults: string[] = []
    for (let seed = 1; seed <= TEETH_RUNS && faults.length === 0; seed++) faults = await race(seed, tamper)

    expect(faults).not.toEqual([])
  },
)

test('a connection with 50 subscriptions is removed in a few requests, and nothing of it is left', async () => {
  const { client, itemsOf } = tinyDynamodb()
  const requests: string[] = []
  const counting: Tamper = (send) => (command) => {
    requests.push(command.constructor.name)
    return send(command)
  }
  const store = dynamoSubscriptionStore(tampered(client, counting), TINY_TABLES, WHOLE)
  const channels = ['port.**', 'market.**', CHANNEL]
  for (let index = 0; index < 50; index++)
    await registerOn(store, { connection: 'c1', id: `s${index}`, attempt: 1, channels })
  await registerOn(store, { connection: 'c2', id: 's', attempt: 1, channels })
  await store.matching(channels)
  requests.length = 0

  await store.removeConnection('c1')

  // 150 rows and 50 records in batches of 25, and for each pattern 50 names, 32 at once, and a version that is passed.
  expect(requests.length).toBeLessThanOrEqual(25)
  const left = [...(await store.matching(channels)).values()].flat()
  expect(left.map(({ connection }) => connection)).toEqual(['c2', 'c2', 'c2'])
  expect(itemsOf('connections').filter(({ connection }) => connection === 'c1')).toEqual([])
})
