import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HttpRequest, HttpResponse } from '#shared/adapters/http/http-message.ts'
import type { Grant } from '#shared/core/access/grants.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { ROLES } from '#shared/core/access/role.ts'
import { channelProblem } from '#shared/core/channel.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { domains } from '#shared/domain/catalog.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { addEvent } from '#shared/testing/accept/logs.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { stepClock } from '#shared/testing/functions/step-clock.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'
import { propertyRuns } from '#shared/testing/test-seed.ts'
import { composeRead } from '../read.ts'
import { readEnvironment } from './environment.ts'
import { type ReadDeps, readRoutes } from './read-routes.ts'

const CHANNELS = [
  'port.ship',
  'port.container',
  'market.tick.ACME',
  'market.tick.BRIG',
  'market.user.ada',
  'market.user.bob~40example~2Eorg',
  'market.user.key~3Aci',
  'market.order.ACME',
  'market.alert.BRIG',
  'market.candle.ACME',
  'sensor.reading.S1',
  'tidewire.audit.refused',
  'tidewire.stats',
  'shop.order',
]
const TYPES = ['port.ship.arrived', 'market.tick', 'market.order.placed', 'x']
const NAMES = ['ada', 'bob@example.org', 'carl', 'key:ci']
const OWN: Readonly<Record<string, string>> = {
  ada: 'market.user.ada',
  'bob@example.org': 'market.user.bob~40example~2Eorg',
  carl: 'market.user.carl',
  'key:ci': 'market.user.key~3Aci',
}
const VIEW_KEYS = {
  'market/portfolio': NAMES.slice(0, 2),
  'market/orders': ['bob@example.org', 'key:ci'],
  'market/user-alerts': ['ada'],
  'market/book': ['ACME', 'BRIG'],
  'market/alerts': ['BRIG'],
  'market/volume': ['ACME', 'BRIG'],
  'sensors/sensors': ['S1', 'S2'],
  'tidewire/stats': [''],
  'port/statistics': [''],
}
const PAGE = 3

// The policy in other words than those of shared/core, so that a mistake there is found.
const covers = (pattern: string, text: string) =>
  new RegExp(
    `^${pattern
      .replaceAll('.', '\\.')
      .replace(/(\\\.)?\*\*$/, '<rest>')
      .replaceAll('*', '[^.]+')
      .replace('<rest>', pattern === '**' ? '.*' : '(\\..+)?')}$`,
  ).test(text)
const isGranted = ({ grants }: Principal, action: string, channel: string, type: string) =>
  !grants ||
  grants.some(
    (grant) => covers(grant.actions, action) && covers(grant.channels, channel) && covers(grant.types, type),
  )
const mayRead = (principal: Principal, channel: string, type: string) => {
  if (!isGranted(principal, 'read', channel, type)) return false
  const isOpen = !/^(market\.(user|order|alert)|tidewire\.audit)\b/.test(channel)
  return isOpen || principal.role === 'admin' || OWN[principal.name] === channel
}
const mayExport = (principal: Principal, channel: string, type: string) =>
  mayRead(principal, channel, type) && isGranted(principal, 'export', channel, type)

const patterns = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...CHANNELS) },
  fc.constantFrom('**', 'market.**', 'port.*', 'market.user.*', 'market.*.ACME', 'tidewire.**', 'shop.**'),
)
const grants: fc.Arbitrary<Grant> = fc.record({
  actions: fc.constantFrom('read', 'read', '**', 'export', 'publish'),
  channels: patterns,
  types: fc.oneof(fc.constant('**'), fc.constantFrom('market.**', 'port.ship.*', 'x')),
})
const principals = fc
  .record({
    name: fc.constantFrom(...NAMES),
    role: fc.constantFrom(...ROLES),
    grants: fc.option(fc.array(grants, { minLength: 1, maxLength: 4 }), { nil: undefined }),
  })
  .map(({ grants: own, ...who }) => makePrincipal({ ...who, ...(own && { grants: own }) }))
const logs = fc.array(
  fc.record({
    channel: fc.constantFrom(...CHANNELS),
    type: fc.constantFrom(...TYPES),
    partition: fc.nat(1),
  }),
  { maxLength: 25 },
)

async function createWorld(log: readonly { channel: string; type: string; partition: number }[]) {
  const [store, claims, viewStore] = [memoryEventStore(), memoryClaimStore(), memoryViewStore()]
  const catalog = createCatalog(domains)
  const offsets = new Map<string, number>()
  const events: CloudEvent[] = []
  for (const [index, { channel, type, partition }] of log.entries()) {
    const topic = catalog.topicOf(channel)
    const offset = (offsets.get(`${topic}/${partition}`) ?? -1) + 1
    offsets.set(`${topic}/${partition}`, offset)
    const event = makeEvent(`event-${index}.`, { category: channel, type })
    await addEvent(store, makeStored({ topic, partition, offset }, event))
    await claims.claim(event, { topic, partition, offset })
    events.push(event)
  }
  const { epoch } = await store.topic('events')
  for (const [view, keys] of Object.entries(VIEW_KEYS)) {
    const [domain = '', name = ''] = view.split('/')
    const definition = domains.find((one) => one.name === domain)?.views?.[name]
    for (const key of keys)
      await viewStore.save([
        { view, key, topic: 'events', partition: 0, offset: 0, epoch, state: definition?.initial(key) },
      ])
  }
  const composed = composeRead(readEnvironment(process.env))
  const deps: ReadDeps = { ...composed, store, claims, viewStore, audit: memoryAudit(), clock: stepClock(0) }
  return { events, routes: readRoutes(deps) }
}

type World = Awaited<ReturnType<typeof createWorld>>

/** Returns the response of a route, or the refusal's code. */
async function call(
  { routes }: World,
  principal: Principal,
  route: string,
  query: Readonly<Record<string, string>> = {},
  pathParameters: Readonly<Record<string, string>> = {},
): Promise<HttpResponse | string> {
  const known = routes[route]
  if (known === undefined || known.isOpen) throw new Error(`${route} is not a route with an action`)
  const request: HttpRequest = {
    method: 'GET',
    path: '',
    headers: {},
    query,
    rawQuery: new URLSearchParams(query).toString(),
    pathParameters,
    body: new Uint8Array(),
    caller: {},
    remainingMs: () => 10_000,
    signal: new AbortController().signal,
  }
  try {
    return await known.respond(request, principal)
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

type Listed = { readonly events: readonly { readonly event: CloudEvent }[]; readonly next: string | null }

async function listAll(world: World, principal: Principal, channel: string): Promise<string[] | string> {
  const ids: string[] = []
  for (let next: string | null = ''; next !== null; ) {
    const query = { channel, limit: String(PAGE), ...(next && { next }) }
    const response = await call(world, principal, 'GET /events', query)
    if (typeof response === 'string') return response
    const page = response.body as Listed
    ids.push(...page.events.map(({ event }) => event.id))
    next = page.next
  }
  return ids.sort()
}

async function followAll(world: World, principal: Principal, channel: string): Promise<string[] | string> {
  const ids: string[] = []
  for (let cursor = 'earliest', before = ''; cursor !== before; ) {
    const query = { channel, cursor, limit: String(PAGE) }
    const response = await call(world, principal, 'GET /events/since', query)
    if (typeof response === 'string') return response
    const page = response.body as { readonly events: Listed['events']; readonly cursor: string }
    ids.push(...page.events.map(({ event }) => event.id))
    before = cursor
    cursor = page.cursor
  }
  return ids.sort()
}

const idsOf = (events: readonly CloudEvent[]) => events.map(({ id }) => id).sort()
const isAsked = (asked: readonly string[], { category = '' }: CloudEvent) =>
  asked.some((pattern) => covers(pattern, category))

/** What is granted and asked for; `forbidden` is right only where that is nothing. */
function expectSame(found: string[] | string, expected: readonly string[]) {
  if (typeof found === 'string') expect([found, expected]).toEqual(['forbidden', []])
  else expect(found).toEqual(expected)
}

test('lists, CSV, since and single events return exactly what is granted and asked for', async () => {
  await fc.assert(
    fc.asyncProperty(
      logs,
      principals,
      fc.array(patterns, { minLength: 1, maxLength: 3 }),
      async (log, principal, asked) => {
        const world = await createWorld(log)
        const channel = asked.join(',')
        const readable = world.events.filter(({ category = '', type }) => mayRead(principal, category, type))
        const wanted = readable.filter((event) => isAsked(asked, event))
        const isShownInLists = ({ category = '' }: CloudEvent) =>
          !category.startsWith('tidewire.') || asked.some((pattern) => pattern.startsWith('tidewire.'))
        const listed = wanted.filter(isShownInLists)

        expectSame(await listAll(world, principal, channel), idsOf(listed))
        expectSame(await followAll(world, principal, channel), idsOf(wanted))
        const csv = await call(world, principal, 'GET /events.csv', { channel })
        const text = typeof csv === 'string' ? '' : String(csv.body)
        const exported = world.events.filter(({ id }) => text.includes(id))
        expect(idsOf(exported)).toEqual(
          idsOf(listed.filter(({ category = '', type }) => mayExport(principal, category, type))),
        )
        for (const { id } of world.events) {
          const single = await call(world, principal, 'GET /events/{id}', {}, { id })
          expect(single).toEqual(
            readable.some((event) => event.id === id)
              ? expect.objectContaining({ status: 200 })
              : 'not_found',
          )
        }
      },
    ),
    { numRuns: propertyRuns(60) },
  )
})

test('views show no key that has a trace of what is not granted, and lists those that a single request shows', async () => {
  const world = await createWorld([])
  await fc.assert(
    fc.asyncProperty(
      principals,
      fc.constantFrom(...Object.entries(VIEW_KEYS)),
      fc.boolean(),
      async (principal, [name, keys], isRaw) => {
        const [domain = '', view = ''] = name.split('/')
        const definition = domains.find((one) => one.name === domain)?.views?.[view]
        const query = { parts: String(isRaw) }
        const shown: string[] = []
        for (const key of keys) {
          const isKeyed = definition?.keys !== undefined
          const single = isKeyed
            ? await call(world, principal, 'GET /views/{domain}/{view}/{key}', query, { domain, view, key })
            : await call(world, principal, 'GET /views/{domain}/{view}', query, { domain, view })
          if (typeof single === 'string') expect(single).toBe('forbidden')
          else shown.push(key)
          const channels = (isKeyed && definition.channelsOf?.(key)) || (definition?.channels ?? [])
          const touched = [
            ...CHANNELS.filter((channel) => channels.some((pattern) => covers(pattern, channel))),
            ...channels.filter((pattern) => !pattern.includes('*')),
          ]
          const isRead = (channel: string) => TYPES.every((type) => mayRead(principal, channel, type))
          const isSomeRead = TYPES.some((type) =>
            touched.some((channel) => mayRead(principal, channel, type)),
          )
          if (definition?.isAggregate && !isRaw) {
            if (isSomeRead) expect(shown).toContain(key)
          } else if (shown.includes(key)) expect(touched.filter((channel) => !isRead(channel))).toEqual([])
          else if (!principal.grants) expect(touched.every(isRead)).toBe(false)
        }
        if (definition?.keys === undefined) return

        const listed: string[] = []
        for (let next: string | undefined = ''; next !== undefined; ) {
          const page = { ...query, limit: '1', ...(next && { next }) }
          const list = await call(world, principal, 'GET /views/{domain}/{view}', page, { domain, view })
          if (typeof list === 'string') {
            expect(list).toBe('forbidden')
            break
          }
          const body = list.body as { state?: object; parts?: { key: string }[]; next?: string | null }
          listed.push(...(isRaw ? (body.parts ?? []).map(({ key }) => key) : Object.keys(body.state ?? {})))
          next = body.next ?? undefined
        }
        expect(listed).toEqual([...shown].sort())
      },
    ),
    { numRuns: propertyRuns(200) },
  )
})

test('the patterns of this test are valid', () => {
  for (const pattern of CHANNELS) expect(channelProblem(pattern)).toBeNull()
})
