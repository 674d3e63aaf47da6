import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ROLES } from '#shared/core/access/role.ts'
import { domains } from '#shared/domain/catalog.ts'
import { nameEvent } from '#shared/domain/port/event-name.ts'
import { deriveCategory } from '#shared/pipeline/accept/check-event.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { type JudgeRecord, SIGNATURE } from '#shared/pipeline/signed-record.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { propertyRuns } from '#shared/testing/test-seed.ts'
import { createForgeryWorld, type ForgeryWorld, unsignedRecord } from './forgery-world.ts'

/** So many events in each run: 10,000 events are TIDEWIRE_PROPERTY_RUNS=500. */
const EVENTS = 20
const RUNS = propertyRuns(25)
const catalog = createCatalog(domains)
const types = domains.flatMap(({ events }) => Object.entries(events))
const victim = makePrincipal({ name: 'vic', role: 'publisher' })
const CASE = 'case-of-vic'
const POST = 'post-of-vic'
const PAIR = { id: CASE, source: '/vic' }
const VICTIMS = ['vic', nameEvent(PAIR), CASE, POST, 'VICT', 'o-vic', 'a-vic']
const ORDER = { symbol: 'VICT', side: 'buy', kind: 'limit', quantity: 10, limit: 90 }
const ALERT = { symbol: 'VICT', kind: 'price-above', threshold: 900 }

/** What the victim has: a portfolio, an open order, an alert, a post, and a case. */
async function createVictimsWorld(judge?: JudgeRecord): Promise<ForgeryWorld> {
  const world = createForgeryWorld(judge)
  const own = (id: string, type: string, data: object, more: object = {}) =>
    world.post(victim, { id, source: '/vic', type, time: '2026-03-01T09:00:00Z', data, ...more })
  const outcomes = [
    await own('t-1', 'market.tick', { symbol: 'VICT', price: 100, volume: 5 }),
    await own('m-1', 'market.order.placed', { ...ORDER, orderId: 'o-0', kind: 'market', limit: undefined }),
    await own('m-2', 'market.order.placed', { ...ORDER, orderId: 'o-vic' }),
    await own('m-3', 'market.alert.created', { ...ALERT, alertId: 'a-vic' }),
    await own('b-1', 'blog.post.created', { postId: POST, title: 'Tides', author: 'Vic' }),
    await own(CASE, 'port.container.arrived', { containerId: 'BOX' }, { partitionkey: 'BOX' }),
  ]
  expect(outcomes).toEqual(outcomes.map(() => null))
  await world.settle()
  return world
}

/** What changes of the victim's: the states under its names, its events, and what is said to be done by it. */
async function possessionsOf(world: ForgeryWorld) {
  const states = await world.states(VICTIMS)
  const isOwned = (name: string) => /^(?:market\/|port\/cases )/.test(name)
  const isPost = (name: string) => name.startsWith('blog/posts ')
  const posts = [...states].filter(([name]) => isPost(name))
  const said = posts.flatMap(([, state]) => state.match(/"by":"vic"/g) ?? []).length
  const own = world.stored().filter(({ event }) => event.category === 'market.user.vic')
  return {
    // Any publisher may change posts and berths, in its own name.
    states: [...states].filter(([name]) => isOwned(name)).sort(),
    // What a reader of the case gets, and of a list.
    case: await world.caseOf(PAIR),
    said,
    events: own.map(({ event }) => `${event.type} ${event.id}`),
  }
}

async function publishCase(world: ForgeryWorld): Promise<void> {
  const data = { containerId: 'BOX' }
  const event = { ...PAIR, type: 'port.container.arrived', time: '2026-03-01T09:00:00Z', partitionkey: 'BOX' }
  expect(await world.post(victim, { ...event, data })).toBeNull()
  await world.settle()
}

const orNothing = <T>(values: readonly T[]) => fc.constantFrom(undefined, ...values)
const forged = fc.record({
  kind: fc.constantFrom(...types.map(([type]) => type), 'any.thing'),
  example: fc.boolean(),
  user: orNothing(['vic', 'eve', '']),
  by: orNothing(['vic', 'eve']),
  orderId: orNothing(['o-vic', 'o-eve', 'o-0']),
  alertId: orNothing(['a-vic', 'a-eve']),
  postId: orNothing([POST, 'p-eve']),
  symbol: orNothing(['VICT', 'EVIL']),
  category: orNothing([
    'market.user.vic',
    'market.user.eve',
    'market.order.VICT',
    'market.alert.VICT',
    'market.candle.VICT',
    'market.user.vic.x',
    'blog.post',
    'port.container',
    'port.container.lifecycle',
    'port.system',
    'tidewire.stats',
    'tidewire.audit.keys',
    'open.channel',
  ]),
  subject: orNothing([CASE, POST, 'vic', 'VICT']),
  partitionkey: orNothing(['BOX', 'vic', 'VICT', POST]),
  id: orNothing([CASE, 'm-2', 'm-3', 'b-1', 'new-1', 'new-2', 'new-3']),
  source: orNothing([
    '/vic',
    'vic',
    '/eve',
    '/owned',
    'urn:tidewire:api',
    'urn:tidewire:fold:market/book',
    'URN:TideWire:moves',
    'urn:tidewire:webhook:stripe',
  ]),
})
type Forged = typeof forged extends fc.Arbitrary<infer Value> ? Value : never

function eventOf(
  { kind, example, category, subject, partitionkey, id, source, ...members }: Forged,
  n: number,
) {
  const [given] = (catalog.definitionOf(kind)?.schema.meta()?.examples as object[] | undefined) ?? []
  // A tick is what all prices are made of: a publisher's ticks are the market itself.
  const { symbol = 'EVIL' } = members
  const named = { ...members, symbol: kind === 'market.tick' ? 'EVIL' : symbol }
  const data = Object.fromEntries(
    Object.entries({ ...(example && given), ...named }).filter(([, value]) => value !== undefined),
  )
  const event = { type: kind, data, category, subject, partitionkey, id: id ?? `eve-${n}`, source }
  return Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined))
}

function attackWith(world: ForgeryWorld, author: string, attack: Forged, n: number): Promise<unknown> {
  const event = eventOf(attack, n)
  if (author === 'nobody') {
    const topic = catalog.topicOf(String(deriveCategory(event, catalog).category))
    const record = unsignedRecord(topic, { source: '/eve', ...event }, String(event.partitionkey ?? n))
    const [other] = world.written()
    const stolen = other?.headers[SIGNATURE] ?? ''
    const headers = { ...record.headers, ...(n % 3 === 0 && { [SIGNATURE]: stolen }), 'tidewire-id': 'made' }
    world.write({ ...record, headers })
    return Promise.resolve()
  }
  const role = ROLES.find((one) => one === author) ?? 'publisher'
  const eve = makePrincipal({ name: 'eve', role, ...(author === 'simulator' && { actsForOthers: true }) })
  const isPlain = event.source === undefined && event.partitionkey === undefined
  return world.post(eve, isPlain ? event : { source: '/eve', ...event }, isPlain)
}

const isHarmless = (author: string, judge?: JudgeRecord) =>
  fc.asyncProperty(fc.array(forged, { minLength: EVENTS, maxLength: EVENTS }), async (attacks) => {
    const world = await createVictimsWorld(judge)
    const before = await possessionsOf(world)

    for (const [n, attack] of attacks.entries()) await attackWith(world, author, attack, n)
    await world.settle()

    expect(await possessionsOf(world)).toEqual(before)
  })

test.each([...ROLES, 'nobody'])(
  `${RUNS * EVENTS} random events of %s change nothing of another user`,
  async (author) => {
    await fc.assert(isHarmless(author), { numRuns: RUNS })
  },
)

test.each<[string, JudgeRecord?]>([['simulator'], ['nobody', () => 'signed']])(
  'those of %s do, if it may write in the name of others, or its records are trusted',
  async (author, judge) => {
    const { failed } = await fc.check(isHarmless(author, judge), { numRuns: 200, endOnFailure: true })
    expect(failed).toBe(true)
  },
)

test.each([...ROLES, 'nobody'])(
  'events of %s that come before one with its id take nothing of its case',
  async (author) => {
    const calm = createForgeryWorld()
    await publishCase(calm)
    const untouched = await calm.caseOf(PAIR)
    expect(untouched).toMatchObject({ ...PAIR, status: 'new' })
    const isHarmlessBefore = fc.asyncProperty(fc.array(forged, { maxLength: EVENTS }), async (attacks) => {
      const world = createForgeryWorld()
      const shadows = attacks.map((attack) => ({ ...attack, id: CASE, source: '/eve' }))
      for (const [n, shadow] of shadows.entries()) await attackWith(world, author, shadow, n)
      await world.settle()

      await publishCase(world)

      expect(await world.caseOf(PAIR)).toEqual(untouched)
    })
    await fc.assert(isHarmlessBefore, { numRuns: RUNS })
  },
)

test('the victim of these properties has something to lose', async () => {
  const world = await createVictimsWorld()
  const { states, said, events } = await possessionsOf(world)

  expect(states.map(([name]) => name.split(' ')[0])).toEqual(
    expect.arrayContaining([
      'market/portfolio',
      'market/orders',
      'market/user-alerts',
      'market/alerts',
      'market/book',
      'port/cases',
    ]),
  )
  expect(said).toBe(1)
  expect(events).toEqual(expect.arrayContaining([expect.stringContaining('market.order.filled')]))
})
