import type { CloudEvent, PositionedEvent } from '#shared/core/event.ts'
import { domains } from '#shared/domain/catalog.ts'
import { MOVE_TYPES } from '#shared/domain/port/case.ts'
import { port } from '#shared/domain/port/port.ts'
import { completeEvent } from '#shared/pipeline/accept/check-event.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { createRandom } from '#shared/testing/random.ts'

const PARTITIONS = 3
const TEMPLATES = 5000
/** Every twentieth event acknowledges the one before it. */
const MOVE_EVERY = 20

/** The events of a busy port with their positions, as the gateway would send them, without end. */
export type PortStream = {
  /** The next event; `now` (milliseconds) is its time. */
  readonly next: (now: number) => PositionedEvent
  /** The cursor of the end of the log. */
  readonly cursor: () => string
  readonly count: () => number
  /** Number of events that are not moves. */
  readonly rows: () => number
}

type Template = { readonly topic: string; readonly partition: number; readonly event: CloudEvent }

/** Returns the stream of one seed: a simulation of the port, repeated with new ids. */
export function createPortStream(seed: number): PortStream {
  const templates = createTemplates(seed)
  const heads = new Map<string, number>()
  let count = 0
  let rows = 0
  let last: PositionedEvent | null = null

  function place({ topic, partition }: Omit<Template, 'event'>, event: CloudEvent): PositionedEvent {
    const head = `${topic}/${partition}`
    const offset = (heads.get(head) ?? -1) + 1
    heads.set(head, offset)
    return { topic, partition, offset, event }
  }
  return {
    next: (now) => {
      const time = new Date(now).toISOString()
      count++
      if (last && count % MOVE_EVERY === 0) return place(last, acknowledge(last.event, time, count))
      const template = templates[rows % templates.length] as Template
      rows++
      last = place(template, { ...template.event, id: `stream-${seed}-${rows}`, time })
      return last
    },
    cursor: () => cursorOf(heads),
    count: () => count,
    rows: () => rows,
  }
}

function createTemplates(seed: number): Template[] {
  const random = createRandom(seed)
  const catalog = createCatalog(domains)
  const deps = { catalog, now: () => new Date(0), newId: () => '' }
  const templates: Template[] = []
  for (const { event } of port.simulate?.(random.next, 0) ?? []) {
    const completed = completeEvent(event, deps) as CloudEvent
    const topic = catalog.topicOf(completed.category ?? '')
    if (templates.push({ topic, partition: random.pick(PARTITIONS), event: completed }) === TEMPLATES) break
  }
  return templates
}

function acknowledge({ id, category = '' }: CloudEvent, time: string, nth: number): CloudEvent {
  return {
    specversion: '1.0',
    id: `move-${nth}`,
    source: '/tidewire-bench',
    time,
    type: MOVE_TYPES.acknowledge,
    subject: id,
    category: `${category}.lifecycle`,
    severity: 'info',
    data: { move: 'acknowledge', by: 'carla', at: time, from: 'new', to: 'acknowledged' },
  }
}

function cursorOf(heads: ReadonlyMap<string, number>): string {
  const topics = Map.groupBy(heads, ([name]) => name.split('/')[0] ?? '')
  return [...topics]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([topic, list]) => {
      const pairs = list.map(([name, offset]) => `${name.split('/')[1]}=${offset}`).sort()
      return `${topic}@bench:${pairs.join(',')}`
    })
    .join(';')
}
