import { beforeEach, describe, expect, test } from 'vitest'
import type { Principal } from '#shared/core/access/principal.ts'
import type { PostResult, SubscriptionStore } from '#shared/pipeline/ports.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryRevocationStore } from '#shared/testing/memory/memory-revocation-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { registerOn } from '#shared/testing/sockets/register-on.ts'
import { type PushDeps, pushEvents } from './push-events.ts'

type Post = {
  readonly connection: string
  readonly frame: { type: string; ids: string[]; events?: { offset: number }[] }
}

let subscriptions: SubscriptionStore
let posts: Post[]
let results: Map<string, PostResult>
let deps: PushDeps

beforeEach(() => {
  subscriptions = memorySubscriptionStore()
  posts = []
  results = new Map()
  const gateway: PushDeps['gateway'] = {
    async post(connection, frame) {
      posts.push({ connection, frame: JSON.parse(frame) })
      return results.get(connection) ?? 'sent'
    },
    close: async () => {},
  }
  deps = { subscriptions, gateway, revocations: memoryRevocationStore(), postsAtOnce: 8, now: () => 1 }
})

const event = (offset: number, category = 'port.a') =>
  makeStored({ offset }, makeEvent(`e${offset}`, { category }))
const register = (connection: string, id: string, channels: string[], attempt = 1) =>
  registerOn(subscriptions, { connection, id, attempt, channels })
const push = (events = [event(1), event(2)]) => pushEvents(events, Date.now() + 1000, deps)
const behindOf = async (connection: string) =>
  (await subscriptions.list(connection)).map(({ behind }) => behind)
const eventPosts = () =>
  posts
    .filter(({ frame }) => frame.type === 'events')
    .map(({ connection, frame }) => [connection, frame.ids, frame.events?.map(({ offset }) => offset)])

describe('pushing a batch', () => {
  test('reads no subscriptions if there is nothing to push', async () => {
    subscriptions.matching = () => Promise.reject(new Error('read'))

    expect(await push([])).toEqual({ frames: 0, events: 0, gone: 0, ended: 0, behind: 0 })
  })

  test('posts one frame per connection that names every subscription it concerns', async () => {
    await register('c1', 's1', ['port.*'])
    await register('c1', 's2', ['port.a', '**'])
    await register('c2', 's1', ['other'])

    const counts = await push()

    expect(eventPosts()).toEqual([['c1', ['s1', 's2'], [1, 2]]])
    expect(counts).toEqual({ frames: 1, events: 2, gone: 0, ended: 0, behind: 0 })
  })

  test('removes a connection that is gone, and its subscriptions', async () => {
    await register('c1', 's1', ['port.a'])
    await register('c1', 's2', ['port.b'])
    results.set('c1', 'gone')

    expect(await push()).toMatchObject({ gone: 1, behind: 0 })

    expect(await subscriptions.list('c1')).toEqual([])
  })

  test('marks subscriptions that missed a frame as behind before it returns, and sends them a gap', async () => {
    await register('c1', 's1', ['port.a'])
    await register('c2', 's1', ['port.a'])
    results.set('c1', 'failed')

    expect(await push()).toMatchObject({ frames: 1, behind: 1 })

    expect(await behindOf('c1')).toEqual([true])
    expect(await behindOf('c2')).toEqual([false])
    expect(posts.at(-1)).toEqual({ connection: 'c1', frame: { type: 'gap', ids: ['s1'] } })
  })

  test('posts nothing to subscriptions that are behind', async () => {
    await register('c1', 's1', ['port.a'])
    for (const one of await subscriptions.list('c1')) await subscriptions.markBehind(one)

    await push()

    expect(posts).toEqual([])
  })

  test('marks subscriptions that miss an event too large for a frame, after the events before it', async () => {
    await register('c1', 's1', ['port.a'])
    const huge = makeStored({ offset: 2 }, makeEvent('huge', { data: 'x'.repeat(140_000) }))

    await push([event(1), huge, event(3)])

    expect(eventPosts()).toEqual([['c1', ['s1'], [1]]])
    expect(await behindOf('c1')).toEqual([true])
  })
})

describe('a mark that is incomplete after a crash', () => {
  /** Marks only the rows of one pattern, like a worker that crashes before the others. */
  const leaveHalfway = (pattern: string) => {
    const { matching } = subscriptions
    subscriptions.matching = async (patterns) => {
      const found = await matching(patterns)
      const rows = found.get(pattern)?.map((one) => ({ ...one, behind: true }))
      return rows ? new Map(found).set(pattern, rows) : found
    }
  }

  test('is finished by the next batch that reads it', async () => {
    await register('c1', 's1', ['port.a', 'port.b'])
    leaveHalfway('port.a')

    await push()

    expect(posts).toEqual([])
    expect(await behindOf('c1')).toEqual([true])
  })

  test('stops the events of the other patterns too, because otherwise a later event would hide an earlier one', async () => {
    await register('c1', 's1', ['port.a', 'port.b'])
    leaveHalfway('port.a')

    await push([event(1, 'port.a'), event(2, 'port.b')])

    expect(posts).toEqual([])
  })

  test('does not stop a newer attempt', async () => {
    await register('c1', 's1', ['port.b'], 2)
    const { matching } = subscriptions
    subscriptions.matching = async (patterns) =>
      new Map(await matching(patterns)).set('port.a', [
        {
          connection: 'c1',
          id: 's1',
          attempt: 1,
          registration: 0,
          channels: ['port.a'],
          behind: true,
          reader: makePrincipal(),
        },
      ])

    await push([event(1, 'port.a'), event(2, 'port.b')])

    expect(eventPosts()).toEqual([['c1', ['s1'], [2]]])
    expect(await behindOf('c1')).toEqual([false])
  })
})

describe('who may read what', () => {
  const HOUR = 3_600_000
  const grants = [{ actions: 'read', channels: 'port.**', types: '**' }]
  const open = (connection: string, principal: Partial<Principal>, channels: string[]) =>
    registerOn(
      subscriptions,
      { connection, id: 's', attempt: 1, channels },
      makePrincipal({ name: connection, ...principal }),
    )
  const closed: string[] = []
  beforeEach(() => {
    closed.length = 0
    deps.gateway.close = async (connection) => void closed.push(connection)
  })
  const expired = () => posts.flatMap(({ connection, frame }) => (frame.type === 'error' ? [connection] : []))

  test('is decided for each event: a wildcard is pushed what is granted, of new categories as well', async () => {
    await open('ada', {}, ['**'])
    await open('bob', { grants }, ['**'])
    await open('eve', { role: 'admin' }, ['**'])

    await push([
      event(1, 'market.user.ada'),
      event(2, 'port.new'),
      event(3, 'brand.new'),
      event(4, 'tidewire.audit.keys'),
    ])

    expect(new Map(eventPosts().map(([connection, , offsets]) => [connection, offsets]))).toEqual(
      new Map([
        ['ada', [1, 2, 3]],
        ['bob', [2]],
        ['eve', [1, 2, 3, 4]],
      ]),
    )
  })

  test('a connection whose credential has expired gets nothing but `expired`, and is closed and removed', async () => {
    await open('ada', { expires: 5 * HOUR }, ['port.*'])
    await open('bob', { expires: 9 * HOUR }, ['port.*'])
    deps = { ...deps, now: () => 5 * HOUR }

    const counts = await push()

    expect(counts).toMatchObject({ frames: 1, ended: 1 })
    expect(eventPosts().map(([connection]) => connection)).toEqual(['bob'])
    expect([expired(), closed]).toEqual([['ada'], ['ada']])
    expect(await subscriptions.find('ada')).toBeNull()
    expect(await subscriptions.list('ada')).toEqual([])
  })

  test('a name that was revoked loses its connections of before, and no later one', async () => {
    await open('c1', { name: 'ada', issued: 100 }, ['port.*'])
    await open('c2', { name: 'ada', issued: 200 }, ['port.*'])
    const revocations = memoryRevocationStore(() => 1)
    await revocations.revoke('ada', 150, HOUR)
    deps = { ...deps, revocations }

    await push()

    expect(eventPosts().map(([connection]) => connection)).toEqual(['c2'])
    expect([expired(), closed]).toEqual([['c1'], ['c1']])
  })

  test('a connection that was refreshed is pushed to, whatever its rows say, and they are put right', async () => {
    await open('ada', { expires: HOUR }, ['port.*'])
    const stale = await subscriptions.matching(['port.*'])
    await subscriptions.renew('ada', makePrincipal({ name: 'ada', grants, issued: 1, expires: 9 * HOUR }))
    subscriptions.matching = async () => stale
    const renewed: string[] = []
    const { renew } = subscriptions
    subscriptions.renew = async (connection, principal) => {
      renewed.push(connection)
      return renew(connection, principal)
    }
    deps = { ...deps, now: () => 2 * HOUR }

    await push([event(1), event(2)])

    expect(eventPosts()).toEqual([['ada', ['s'], [1, 2]]])
    expect([closed, renewed]).toEqual([[], ['ada']])
  })

  test('one that is behind is not marked for events that it may not read', async () => {
    await open('ada', { grants }, ['**'])
    for (const one of await subscriptions.list('ada')) await subscriptions.markBehind(one)
    const marked: string[] = []
    subscriptions.markBehind = async ({ connection }) => void marked.push(connection)

    await push([event(1, 'blog.post')])
    expect(marked).toEqual([])
    await push([event(2, 'port.a')])
    expect(marked).toEqual(['ada'])
  })
})
