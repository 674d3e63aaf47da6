import { isDeepStrictEqual } from 'node:util'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { View } from '#shared/domain/define-domain.ts'
import { applyEvent, mergeParts, type ViewPart } from '#shared/pipeline/views/apply-event.ts'
import { firstAppearances } from '#shared/testing/delivery/check.ts'
import { EXAMPLES, type ExampleName, FOLLOWED_BY } from './example-views.ts'
import type { ViewClient } from './view-client.ts'
import type { ViewWorld } from './view-world.ts'

/**
 * Checks that every client has the state of the server, and the server the state of Kafka's events. Returns what is
 * wrong, or null.
 */
export async function checkViews(world: ViewWorld, clients: readonly ViewClient[]): Promise<string | null> {
  if (world.gaps.length > 0) return world.gaps.join('; ')
  for (const name of Object.keys(EXAMPLES.views) as ExampleName[]) {
    const stored = await storedParts(world, name)
    const expected = mergeAll(EXAMPLES.views[name], await expectedParts(world, name))
    const served = mergeAll(EXAMPLES.views[name], stored)
    if (!isDeepStrictEqual(served, expected))
      return `the server's ${name} is ${show(served)}, not ${show(expected)}`
    for (const { followed, view, dashboard } of clients.filter((one) => one.followed.view === name)) {
      const { key } = followed
      const wanted = new Map([...served].filter(([one]) => key === undefined || key === one))
      const states = new Map([...view.current().states].sort())
      if (!isDeepStrictEqual(states, wanted))
        return `${dashboard.name} shows ${name} ${key ?? ''} as ${show(states)}, not ${show(wanted)}`
    }
  }
  return checkEmitted(world)
}

/** Checks that each event that follows from another exists exactly once. */
async function checkEmitted(world: ViewWorld): Promise<string | null> {
  const events = await firstAppearances(world)
  const emitted = events.flatMap(({ event }) => (event.type === FOLLOWED_BY ? [event.subject ?? ''] : []))
  const wanted: string[] = []
  const parts = new Map<string, ViewPart>()
  const { emit, ...view } = EXAMPLES.views.journal
  for (const event of events)
    for (const { before, after } of applyTo(parts, view, event)) {
      const following = emit?.(before, event, after.state, after.key) ?? []
      wanted.push(...following.map(({ subject = '' }) => subject))
    }
  const [left, right] = [emitted.sort().join(), wanted.sort().join()]
  return left === right ? null : `emitted ${left}, not ${right}`
}

async function storedParts({ viewStore }: ViewWorld, name: string): Promise<ViewPart[]> {
  const { parts } = await viewStore.read(`${EXAMPLES.name}/${name}`, { limit: 1000 })
  return parts
}

/** Returns every partition, folded from its beginning. */
async function expectedParts(world: ViewWorld, name: ExampleName): Promise<ViewPart[]> {
  const parts = new Map<string, ViewPart>()
  for (const event of await firstAppearances(world)) applyTo(parts, EXAMPLES.views[name], event)
  return [...parts.values()]
}

function applyTo(parts: Map<string, ViewPart>, view: View, event: PositionedEvent) {
  const nameOf = (key: string) => JSON.stringify([key, event.topic, event.partition])
  const partOf = (key: string) => parts.get(nameOf(key)) ?? null
  const changes = applyEvent(view, { ...event, epoch: '' }, partOf)
  for (const { after } of changes) parts.set(nameOf(after.key), after)
  return changes
}

function mergeAll(view: View, parts: readonly ViewPart[]): Map<string, unknown> {
  const keys = Map.groupBy(parts, ({ key }) => key)
  const merged = [...keys].map(([key, own]) => [key, mergeParts(view, own)] as const)
  return new Map(merged.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function show(states: ReadonlyMap<string, unknown>): string {
  return JSON.stringify(Object.fromEntries(states))
}
