import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMarket, type MarketWorld } from '#shared/testing/market/market-world.ts'
import { type AlertRecord, MAX_ACTIVE, MAX_ALERTS, MAX_WATCHING } from './alert-views.ts'

const alert = { alertId: 'a-1', user: 'ada', symbol: 'ACME', kind: 'price-above', threshold: 105 }

function tick(world: MarketWorld, price: number, volume = 1): void {
  world.postAndSettle('market.tick', { symbol: 'ACME', price, volume })
}
function alertsOf(world: MarketWorld, user = 'ada'): readonly AlertRecord[] {
  return world.read<{ alerts: AlertRecord[] }>('user-alerts', user).alerts
}
function refusals(world: MarketWorld): unknown[] {
  return world.events('market.alert.refused').map(({ data }) => (data as { reason: string }).reason)
}

describe('an alert', () => {
  it.each([
    ['price-above', 105, [104.9999], [105, 1]],
    ['price-below', 95, [95.0001], [95, 1]],
    ['volume-above', 500, [100, 499], [100, 500]],
  ])('%s %d is triggered at its threshold and not before, once', (kind, threshold, before, at) => {
    const world = createMarket()
    world.postAndSettle('market.alert.created', { ...alert, kind, threshold })
    tick(world, before[0] ?? 0, before[1])
    const early = alertsOf(world)
    tick(world, at[0] ?? 0, at[1])
    tick(world, at[0] ?? 0, at[1])

    expect(early).toMatchObject([{ status: 'active' }])
    expect(alertsOf(world)).toMatchObject([{ status: 'triggered', price: at[0], volume: at[1] }])
    expect(world.events('market.alert.triggered')).toMatchObject([
      { category: 'market.user.ada', partitionkey: 'ada', data: { alertId: 'a-1', price: at[0] } },
    ])
    expect(world.read('alerts', 'ACME')).toEqual({ symbol: 'ACME', watching: 0 })
  })

  it('that is deleted is triggered no more, and its id can be used again', () => {
    const world = createMarket()
    world.postAndSettle('market.alert.created', alert)
    world.postAndSettle('market.alert.deleted', { alertId: 'a-1', user: 'ada' })
    tick(world, 110)
    const deleted = alertsOf(world).map(({ status }) => status)
    world.postAndSettle('market.alert.created', alert)
    tick(world, 110)

    expect(deleted).toEqual(['deleted'])
    expect(alertsOf(world).map(({ status }) => status)).toEqual(['deleted', 'triggered'])
    expect(world.events('market.alert.triggered')).toHaveLength(1)
  })

  it('that is deleted while it is triggered stays deleted', () => {
    const world = createMarket()
    world.postAndSettle('market.alert.created', alert)
    world.post('market.alert.deleted', { alertId: 'a-1', user: 'ada' })
    world.post('market.tick', { symbol: 'ACME', price: 110 })
    world.settle()

    expect(world.events('market.alert.triggered')).toHaveLength(1)
    expect(alertsOf(world)).toMatchObject([{ status: 'deleted' }])
  })

  it('of another user cannot be deleted, and stays', () => {
    const world = createMarket()
    world.postAndSettle('market.alert.created', alert)
    world.postAndSettle('market.alert.deleted', { alertId: 'a-1', user: 'eve' })

    expect(refusals(world)).toEqual(['You have no alert "a-1".'])
    expect(alertsOf(world)).toMatchObject([{ status: 'active' }])
  })

  it('is refused under the id of one that is active', () => {
    const world = createMarket()
    world.postAndSettle('market.alert.created', alert)
    world.postAndSettle('market.alert.created', { ...alert, threshold: 1 })

    expect(refusals(world)).toEqual(['An alert "a-1" is active already.'])
    expect(alertsOf(world)).toMatchObject([{ status: 'active', threshold: 105 }])
  })

  it(`is refused to a user with ${MAX_ACTIVE} active ones`, () => {
    const world = createMarket()
    for (let n = 0; n <= MAX_ACTIVE; n++)
      world.post('market.alert.created', { ...alert, alertId: `a-${n}`, symbol: `S${n}` })
    world.settle()

    const reason = `${MAX_ACTIVE} alerts are active; delete one first.`
    expect(refusals(world)).toEqual([reason])
    expect(alertsOf(world).at(-1)).toMatchObject({ alertId: `a-${MAX_ACTIVE}`, status: 'refused', reason })
  })

  it(`is refused where ${MAX_WATCHING} watch a symbol`, () => {
    const world = createMarket()
    for (let n = 0; n <= MAX_WATCHING; n++)
      world.postAndSettle('market.alert.created', { ...alert, alertId: `a-${n}`, user: `u${n % 3}` })

    const reason = `${MAX_WATCHING} alerts watch ACME already; try again later.`
    expect(refusals(world)).toEqual([reason])
    expect(alertsOf(world, `u${MAX_WATCHING % 3}`).at(-1)).toMatchObject({ status: 'refused', reason })
  })

  it(`leaves the list when ${MAX_ALERTS} newer ones came, if it is inactive`, () => {
    const world = createMarket()
    world.post('market.alert.created', { ...alert, alertId: 'kept' })
    for (let n = 0; n < MAX_ALERTS + 5; n++) {
      world.post('market.alert.created', { ...alert, alertId: `a-${n}` })
      world.post('market.alert.deleted', { alertId: `a-${n}`, user: 'ada' })
    }
    world.settle()

    expect(alertsOf(world)).toHaveLength(MAX_ALERTS)
    expect(alertsOf(world)[0]).toMatchObject({ alertId: 'kept', status: 'active' })
    expect(Buffer.byteLength(JSON.stringify(alertsOf(world)))).toBeLessThan(100_000)
  })
})

describe('alerts under any split into batches, with workers that die', () => {
  const step = fc.oneof(
    fc.record({ threshold: fc.integer({ min: 1, max: 20 }), user: fc.constantFrom('ada', 'bob') }),
    fc.record({ price: fc.integer({ min: 1, max: 20 }) }),
  )

  it('are each triggered exactly once, and only if a tick after them reached the threshold', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fc.nat(1000)), (steps, dice) => {
        const roll = () => dice.next().value ?? 0
        const world = createMarket({
          choose: (count) => (count === 0 ? 0 : roll() % count),
          dies: () => roll() % 4 === 0,
        })
        const due = new Set<string>()
        for (const [n, one] of steps.entries()) {
          if ('price' in one) world.post('market.tick', { symbol: 'ACME', price: one.price })
          else {
            world.post('market.alert.created', { ...alert, ...one, alertId: `a-${n}` })
            world.settle() // so that it watches before the next tick
          }
          const reached = (later: (typeof steps)[number]) =>
            'price' in later && 'threshold' in one && later.price >= one.threshold
          if (steps.slice(n).some(reached)) due.add(`a-${n}`)
        }
        world.settle()

        const triggered = world.events('market.alert.triggered').map(({ subject }) => subject)
        const listed = [...alertsOf(world), ...alertsOf(world, 'bob')]
        const shown = listed.filter(({ status }) => status === 'triggered').map(({ alertId }) => alertId)
        expect(triggered.toSorted()).toEqual([...due].sort())
        expect(shown.toSorted()).toEqual([...due].sort())
        expect(world.read('alerts', 'ACME')).toEqual({ symbol: 'ACME', watching: listed.length - due.size })
      }),
    )
  })
})
