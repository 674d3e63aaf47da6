import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchesInterest } from '#shared/core/interest.ts'
import type { StoredEvent, Subscription } from '#shared/pipeline/ports.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { matchEvents, patternsOf } from './push-events.ts'

const channels = fc.constantFrom('a', 'a.b', 'a.b.c', 'b', 'b.c')
const patterns = fc.constantFrom('a', '*', '**', 'a.*', 'a.**', '*.b', 'b.c', 'a.*.c', '*.*')
const severities = fc.constantFrom('critical', 'low')
const events = fc
  .array(fc.tuple(channels, severities), { maxLength: 8 })
  .map((list) =>
    list.map(([category, severity], offset) =>
      makeStored({ offset }, makeEvent(`${offset}`, { category, severity })),
    ),
  )
const subscriptions = fc
  .uniqueArray(
    fc.record({
      connection: fc.constantFrom('c1', 'c2', 'c3'),
      id: fc.constantFrom('s1', 's2'),
      channels: fc.uniqueArray(patterns, { minLength: 1, maxLength: 3 }),
      severity: fc.option(severities, { nil: undefined }),
      behind: fc.boolean(),
    }),
    { selector: ({ connection, id }) => `${connection}${id}`, maxLength: 6 },
  )
  .map((list) =>
    list.map(
      ({ severity, ...one }): Subscription => ({
        ...one,
        attempt: 1,
        registration: 1,
        reader: makePrincipal(),
        ...(severity && { filter: { severity: [severity] } }),
      }),
    ),
  )

function lookUp(all: readonly Subscription[], wanted: readonly string[]): Map<string, Subscription[]> {
  return new Map(wanted.map((pattern) => [pattern, all.filter((one) => one.channels.includes(pattern))]))
}

describe('matching a batch', () => {
  test('finds the same for each connection as a test of every event against every subscription', () => {
    const property = fc.property(events, subscriptions, (batch, all) => {
      const { deliveries, behind } = matchEvents(batch, lookUp(all, patternsOf(batch)), () => false)

      const got = deliveries.map((one) => [
        one.connection,
        one.subscriptions.map(({ id }) => id).sort(),
        one.events,
      ])
      expect(got.sort()).toEqual(
        naive(
          batch,
          all.filter((one) => !one.behind),
        ).sort(),
      )
      expect(behind.map(nameOf).sort()).toEqual(
        all
          .filter((one) => one.behind && batch.some(({ event }) => matchesInterest(one, event)))
          .map(nameOf)
          .sort(),
      )
    })

    fc.assert(property, { numRuns: 500 })
  })

  test('looks up nothing for events without a category', () => {
    const { category: _, ...event } = makeEvent('1')
    const batch = [makeStored({ offset: 0 }, event)]

    expect(patternsOf(batch)).toEqual([])
    expect(matchEvents(batch, new Map(), () => false)).toEqual({ deliveries: [], behind: [], ended: [] })
  })
})

const nameOf = ({ connection, id }: Subscription) => `${connection}/${id}`

function naive(batch: readonly StoredEvent[], all: readonly Subscription[]) {
  return [...new Set(all.map(({ connection }) => connection))].flatMap((connection) => {
    const own = all.filter((one) => one.connection === connection)
    const matching = own.filter((one) => batch.some(({ event }) => matchesInterest(one, event)))
    const indices = [...batch.keys()].filter((index) =>
      own.some((one) => matchesInterest(one, (batch[index] as StoredEvent).event)),
    )
    return matching.length > 0 ? [[connection, matching.map(({ id }) => id).sort(), indices]] : []
  })
}
