import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Domain } from '#shared/domain/define-domain.ts'
import type { EventStore, KafkaRecord } from '#shared/pipeline/ports.ts'
import { arbitraryDomain, arbitraryLog } from '#shared/testing/accept/arbitrary-domain.ts'
import { eventsOf, makeFoldDeps } from '#shared/testing/accept/library.ts'
import { type FoldDeps, foldBatch } from './fold.ts'
import { createFoldMemory } from './fold-memory.ts'

const RUNS = { numRuns: Number(process.env.FOLD_RUNS ?? 200) }

type World = { readonly deps: FoldDeps; readonly outcome: () => Promise<unknown> }

/** Separate stores with the same epoch of the topic, so that the results of two worlds can be compared. */
function makeWorld(domain: Domain, store: FoldDeps['store'], yieldPoint?: () => Promise<void>): World {
  const { deps, appended } = makeFoldDeps(yieldPoint, [domain])
  const outcome = async () => {
    const { viewStore } = deps
    const names = deps.views.all.map(({ name }) => name)
    const parts = await Promise.all(names.map((name) => viewStore.read(name, { limit: 1000 })))
    // What follows is appended once at least: the claims drop the repeats.
    const emitted = new Map(eventsOf(appended).map((event) => [event.id, event]))
    const followed = [...emitted.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
    const progress = [...(await viewStore.progress('random'))].sort(([a], [b]) => a - b)
    return JSON.stringify([parts, followed, progress])
  }
  return { deps: { ...deps, store, memory: createFoldMemory() }, outcome }
}

const makeLog = (): EventStore => makeFoldDeps().deps.store as EventStore

/** Cuts a log into batches at these places. */
function cut(records: readonly KafkaRecord[], cuts: readonly number[]): KafkaRecord[][] {
  const places = [...new Set([0, ...cuts.map((one) => one % records.length), records.length])].sort(
    (a, b) => a - b,
  )
  return places.slice(1).map((end, index) => records.slice(places[index], end))
}

async function expected(domain: Domain, store: FoldDeps['store'], logs: readonly KafkaRecord[][]) {
  const { deps, outcome } = makeWorld(domain, store)
  for (const records of logs) await foldBatch(records, deps)
  return outcome()
}

const logs = fc.tuple(arbitraryLog(0), arbitraryLog(1)).map((both) => [...both])
const cuts = fc.array(fc.nat(23), { maxLength: 8 })

describe('the parts and what follows are the same', () => {
  test('however the records are split into batches, and whatever is repeated', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryDomain, logs, cuts, cuts, async (domain, both, places, again) => {
        const store = makeLog()
        const { deps, outcome } = makeWorld(domain, store)
        for (const records of both)
          for (const [index, batch] of cut(records, places).entries()) {
            await foldBatch(batch, deps)
            if (again.includes(index))
              await foldBatch(records.slice(0, (batch.at(-1)?.offset ?? 0) + 1), deps)
          }
        expect(await outcome()).toBe(await expected(domain, store, both))
      }),
      RUNS,
    )
  })

  test('wherever a worker crashes, repeatedly', async () => {
    const deaths = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(arbitraryDomain, logs, cuts, deaths, async (domain, both, places, steps) => {
        const left = [...steps]
        let untilDeath = left.shift()
        const yieldPoint = async () => {
          if (untilDeath !== undefined && --untilDeath === 0) throw new Error('died')
        }
        const store = makeLog()
        const { deps, outcome } = makeWorld(domain, store, yieldPoint)
        for (const batch of both.flatMap((records) => cut(records, places)))
          for (;;) {
            const died = await foldBatch(batch, deps).then(
              () => false,
              () => true,
            )
            if (!died) break
            untilDeath = left.shift()
          }
        untilDeath = undefined
        expect(await outcome()).toBe(await expected(domain, store, both))
      }),
      RUNS,
    )
  })

  test('if several workers fold the same records concurrently, in any order of steps', async () => {
    const workers = fc.array(cuts, { minLength: 2, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(arbitraryDomain, logs, workers, fc.scheduler(), async (domain, both, own, s) => {
        const store = makeLog()
        const { deps, outcome } = makeWorld(domain, store, async () => s.schedule(Promise.resolve()))
        const work = async (places: readonly number[], index: number) => {
          // The first two share a memory, as two invocations in one process do.
          const memory = index < 2 ? deps.memory : createFoldMemory()
          for (const batch of both.flatMap((records) => cut(records, places)))
            await foldBatch(batch, { ...deps, ...(memory && { memory }) })
        }
        await s.waitFor(Promise.all(own.map(work)))
        const found = await s.waitFor(outcome())
        expect(found).toBe(await expected(domain, store, both))
      }),
      RUNS,
    )
  })
})
