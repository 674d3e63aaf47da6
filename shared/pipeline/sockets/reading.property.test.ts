import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Grant } from '#shared/core/access/grants.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { ROLES } from '#shared/core/access/role.ts'
import type { ServerFrame } from '#shared/core/messages.ts'
import { domains } from '#shared/domain/catalog.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { pushEvents } from '#shared/pipeline/deliver/push-events.ts'
import { messageRates } from '#shared/pipeline/limits/message-rates.ts'
import type { StoredEvent } from '#shared/pipeline/ports.ts'
import { addEvent } from '#shared/testing/accept/logs.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { memoryRevocationStore } from '#shared/testing/memory/memory-revocation-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { propertyRuns } from '#shared/testing/test-seed.ts'
import { answerMessage, type MessageDeps } from './answer-message.ts'

const RUNS = propertyRuns(10_000)
const TIMEOUT_MS = 30_000 + RUNS * 20
const END = 9e15

const catalog = createCatalog(domains)
const CHANNELS = [
  'port.ship',
  'port.container',
  'blog.post',
  'market.tick.ACME',
  'market.candle.ACME',
  'market.order.ACME',
  'market.user.ada',
  'market.user.bob',
  'tidewire.stats',
  'tidewire.audit.keys',
  'brand.new.category',
]
const TYPES = ['port.ship.arrived', 'port.ship.departed', 'market.tick', 'x']
const PATTERNS = [
  '**',
  '*.*',
  'port.*',
  'port.**',
  'market.**',
  'market.user.*',
  'market.*.ACME',
  'tidewire.**',
]

// The policy in other words than those of shared/core, so that a mistake there is found.
const covers = (pattern: string, text: string) => {
  const isOpenEnded = pattern === '**' || pattern.endsWith('.**')
  const fixed = pattern.split('.').slice(0, isOpenEnded ? -1 : undefined)
  const parts = text.split('.')
  const isLong = isOpenEnded ? parts.length >= fixed.length : parts.length === fixed.length
  return isLong && fixed.every((part, index) => part === '*' || part === parts[index])
}
function mayRead({ name, role, grants }: Principal, { category = '', type }: StoredEvent['event']): boolean {
  const isGranted = ({ actions, channels, types }: Grant) =>
    covers(actions, 'read') && covers(channels, category) && covers(types, type)
  if (grants && !grants.some(isGranted)) return false
  const isPrivate = /^(market\.(user|order|alert)|tidewire\.audit)\b/.test(category)
  return !isPrivate || role === 'admin' || category === `market.user.${name}`
}

const patterns = fc.constantFrom(...CHANNELS, ...PATTERNS)
const grants: fc.Arbitrary<Grant> = fc.record({
  actions: fc.constantFrom('read', 'read', '**', 'publish'),
  channels: patterns,
  types: fc.constantFrom('**', '**', 'port.ship.*', 'x'),
})
const credentials = fc.record({
  role: fc.constantFrom(...ROLES),
  grants: fc.option(fc.array(grants, { minLength: 1, maxLength: 3 }), { nil: undefined }),
})
const events = fc.array(fc.tuple(fc.constantFrom(...CHANNELS), fc.constantFrom(...TYPES)), { maxLength: 6 })
const lives = fc.record({
  name: fc.constantFrom('ada', 'bob', 'eve'),
  first: credentials,
  second: fc.option(credentials, { nil: undefined }),
  isRevoked: fc.boolean(),
  channels: fc.uniqueArray(patterns, { minLength: 1, maxLength: 3 }),
  batches: fc.tuple(events, events, events, events),
})

type Life = typeof lives extends fc.Arbitrary<infer L> ? L : never

/**
 * One connection: it subscribes from the earliest event, gets live events, is refreshed, and may be revoked. Returns for
 * each of these times what it got and what it must get; null if the subscription was refused.
 */
async function live({ name, channels, batches, ...life }: Life) {
  const store = memoryEventStore()
  const [subscriptions, revocations] = [memorySubscriptionStore(), memoryRevocationStore(() => 1000)]
  let frames: ServerFrame[] = []
  const gateway: MessageDeps['gateway'] = {
    post: async (_, frame) => (frames.push(JSON.parse(frame)) ? 'sent' : 'failed'),
    close: async () => {},
  }
  const principalOf = ({ role, grants: own }: Life['first'], issued: number) =>
    makePrincipal({ name, role, issued, expires: END, ...(own && { grants: own }) })
  const [first, second] = [principalOf(life.first, 10), principalOf(life.second ?? life.first, 20)]
  const deps: MessageDeps = {
    store,
    subscriptions,
    gateway,
    catalog,
    revocations,
    rates: messageRates(memoryLimits(), () => 1000),
    identify: async () => second,
    now: () => 1000,
  }
  const offsets = new Map<string, number>()
  const [past, before, after, late] = batches.map((batch) =>
    batch.map(([category, type]) => {
      const topic = catalog.topicOf(category)
      const offset = (offsets.get(topic) ?? -1) + 1
      offsets.set(topic, offset)
      return makeStored({ topic, partition: 0, offset }, makeEvent(`${topic}-${offset}`, { category, type }))
    }),
  )
  const say = (message: object) => answerMessage('c', JSON.stringify(message), performance.now() + 1e6, deps)
  const take = () => {
    const ids = frames.flatMap((frame) =>
      frame.type === 'events' ? frame.events.map(({ event }) => event.id) : [],
    )
    const errors = frames.flatMap((frame) => (frame.type === 'error' ? [frame.code] : []))
    frames = []
    return { ids: ids.sort(), errors }
  }
  const push = async (batch: readonly StoredEvent[] = []) => {
    await pushEvents(batch, performance.now() + 1e6, { ...deps, postsAtOnce: 4 })
    return take()
  }
  const asked = (batch: readonly StoredEvent[] = []) =>
    batch.filter(({ event }) => channels.some((pattern) => covers(pattern, event.category ?? '')))
  const wanted = (principal: Principal, batch: readonly StoredEvent[] = []) =>
    asked(batch)
      .flatMap(({ event }) => (mayRead(principal, event) ? [event.id] : []))
      .sort()

  await subscriptions.connect('c', first)
  for (const one of past ?? []) await addEvent(store, one)
  const refusal = await say({ action: 'subscribe', id: 's', channels, since: 'earliest' })
  if (refusal !== null) return { refusal, first, channels } as const
  const got = { replayed: take(), before: await push(before), after: { ids: [''], errors: [''] } }
  const refreshed = await say({ action: 'refresh', token: 't' })
  got.after = await push(after)
  if (life.isRevoked) await revocations.revoke(name, 20, END)
  return {
    refusal: null,
    got: { ...got, late: await push(late) },
    wanted: {
      replayed: { ids: wanted(first, past), errors: [] },
      before: { ids: wanted(first, before), errors: [] },
      after: { ids: wanted(second, after), errors: [] },
      late: life.isRevoked
        ? { ids: [], errors: asked(late).length > 0 ? ['expired'] : [] }
        : { ids: wanted(second, late), errors: [] },
    },
    refreshed,
  }
}

test(`in ${RUNS} lives a socket gets exactly what is granted and asked for, replayed and live`, {
  timeout: TIMEOUT_MS,
}, async () => {
  const property = fc.asyncProperty(lives, async (life) => {
    const lived = await live(life)
    if (lived.refusal !== null) {
      expect(lived.refusal).toMatchObject({ type: 'error', code: 'forbidden', id: 's' })
      // One of the channels has nothing for this reader, whatever its type: at least nothing of those that there are.
      const isEmpty = (pattern: string) =>
        CHANNELS.every((category) =>
          TYPES.every(
            (type) => !covers(pattern, category) || !mayRead(lived.first, makeEvent('e', { category, type })),
          ),
        )
      expect(lived.channels.some(isEmpty)).toBe(true)
      return
    }
    expect(lived.refreshed).toMatchObject({ type: 'refreshed' })
    expect(lived.got).toEqual(lived.wanted)
  })

  await fc.assert(property, { numRuns: RUNS })
})
