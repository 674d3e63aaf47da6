import type { CloudEvent, PositionedEvent } from '#shared/core/event.ts'
import { isAhead } from '#shared/core/lead.ts'
import type { Case } from '#shared/domain/port/case.ts'
import { port } from '#shared/domain/port/port.ts'
import { cases } from '#shared/domain/port/port-views.ts'
import { accept } from '#shared/pipeline/accept/accept.ts'
import { completeEvent } from '#shared/pipeline/accept/check-event.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { lifecyclesOf } from '#shared/pipeline/lifecycle/lifecycles.ts'
import type { MoveDeps } from '#shared/pipeline/lifecycle/move-event.ts'
import type { Person } from '#shared/pipeline/people/directory.ts'
import type { KafkaRecord, NewRecord, StoredEvent } from '#shared/pipeline/ports.ts'
import { applyEvent, keysFor, type ViewPart } from '#shared/pipeline/views/apply-event.ts'
import { addEvent } from '#shared/testing/accept/logs.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryPersonStore } from '#shared/testing/memory/memory-person-store.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'

type Pending = PositionedEvent & { readonly timestamp: number }

/** The port in memory. Appended events are stored and folded at once or, after `hold`, when `catchUp` is called. */
export type CaseWorld = MoveDeps & {
  readonly records: readonly KafkaRecord[]
  hold(): void
  catchUp(): Promise<void>
}

const PARTITIONS = 3
const PEOPLE: readonly Person[] = [
  { name: 'anna', role: 'operator' },
  { name: 'bob', role: 'viewer' },
]

export function createCaseWorld(): CaseWorld {
  const catalog = createCatalog([port])
  const decode = recordDecoder(catalog, () => 'signed')
  const [store, claims, viewStore] = [memoryEventStore(), memoryClaimStore(), memoryViewStore()]
  const records: KafkaRecord[] = []
  const pending: Pending[] = []
  let isHeld = false
  let time = Date.parse('2026-11-21T10:00:00Z')
  let ids = 0

  function write({ topic, key, value, headers, partition: wanted }: NewRecord) {
    const partition = wanted ?? [...key].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % PARTITIONS
    const offset = records.filter((one) => one.topic === topic && one.partition === partition).length
    const named = Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) }))
    const record = { topic, partition, offset, timestamp: time, key: Buffer.from(key), value, headers: named }
    records.push(record)
    const { event } = decode(record)
    const mark = isAhead(event, time, catalog.maxLeadOf(topic)) && { ahead: true as const }
    pending.push({ topic, partition, offset, timestamp: time, event, ...mark })
    return { topic, partition, offset }
  }

  async function catchUp(): Promise<void> {
    isHeld = false
    for (const stored of pending.splice(0)) await storeCase(stored, { store, claims, viewStore })
  }

  return {
    records,
    store,
    claims,
    catalog,
    catchUp,
    lifecycles: lifecyclesOf([port]),
    viewStore,
    people: memoryPersonStore(PEOPLE),
    reader: {
      held: async (names) =>
        names.flatMap((topic) =>
          Array.from({ length: PARTITIONS }, (_, partition) => ({
            topic,
            partition,
            from: 0,
            end: records.filter((one) => one.topic === topic && one.partition === partition).length,
          })),
        ),
    },
    kafka: {
      async append(wanted) {
        const positions = wanted.map(write)
        if (!isHeld) await catchUp()
        return positions
      },
    },
    clock: {
      now: () => time,
      elapsed: () => time,
      sleep: async (ms) => {
        time += ms
      },
    },
    newId: () => `made-${++ids}`,
    hold: () => {
      isHeld = true
    },
  }
}

/** Stores an event of the port that was written, and folds it, as `deliver` and `fold` do. */
export async function storeCase(
  stored: StoredEvent,
  { store, claims, viewStore }: Pick<MoveDeps, 'store' | 'claims' | 'viewStore'>,
): Promise<void> {
  const { topic, partition, offset, event, ahead } = stored
  const { epoch } = await store.topic(topic)
  await claims.claim(event, { topic, partition, offset, epoch })
  await addEvent(store, stored)
  const input = { topic, partition, offset, event, epoch, ...(ahead && { ahead }) }
  const view = 'port/cases'
  const keys = keysFor(cases, input).map((key) => ({ view, key, topic, partition }))
  const known = new Map((await viewStore.load(keys)).map((part, index) => [keys[index]?.key, part]))
  const partOf = (key: string) => (known.get(key) ?? null) as ViewPart<Case | null> | null
  await viewStore.save(applyEvent(cases, input, partOf).map(({ after }) => ({ ...after, view })))
  const rebuilds = (await viewStore.progress(topic)).get(partition)?.rebuilds
  await viewStore.advance({ topic, epoch, partition }, offset, { rebuilds })
}

/** Accepts an event with an id; by default a damaged container. */
export async function publishTo(world: CaseWorld, id: string, given: object = {}) {
  const draft = { id, type: 'port.container.damaged', subject: 'MSKU-1', data: { title: 'Dent' }, ...given }
  const now = () => new Date(world.clock.now())
  const event = completeEvent(draft, { ...world, now }) as CloudEvent
  const [receipt] = await accept([event], new Set(), { ...world, kafka: world.kafka })
  return receipt
}
