import fc from 'fast-check'
import { SEVERITIES } from '#shared/core/severity.ts'
import type { DomainEvent } from '#shared/domain/define-domain.ts'
import { CASE_STATUSES, MOVE_TYPES } from '#shared/domain/port/case.ts'
import { port } from '#shared/domain/port/port.ts'

const IDS = ['a', 'b', 'c'] as const
const TYPES = Object.keys(port.events).filter((type) => !type.startsWith('port.lifecycle.'))
const NAMES = ['anna', 'bob', 'carl']
const SHIPS = ['aurora', 'borealis', 'elba']
/** Any texts, and unexpected ones. */
const text = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', 'constructor', '', '\ud800', '\u0000', 'ü'.repeat(5000)),
)

const time = fc.oneof(
  fc
    .date({ min: new Date('2026-10-01'), max: new Date('2026-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  text,
)
const severity = fc.constantFrom(...SEVERITIES)

/** Data that fits its schema, or anything at all. */
const data = fc.oneof(
  fc.record(
    {
      containerId: fc.oneof(fc.constantFrom('MSKU-1', 'TGHU-2'), text),
      shipId: fc.oneof(fc.constantFrom(...SHIPS), text),
      berthId: fc.oneof(fc.constantFrom('B1', 'B2'), text),
      berth: fc.oneof(fc.constantFrom('B1', 'B2'), text),
      location: fc.oneof(text, fc.jsonValue()),
      title: text,
      description: text,
      priority: fc.constantFrom('urgent', 'low', 'whatever'),
      coordinates: fc.record({ latitude: fc.double(), longitude: fc.double() }),
      metadata: fc.dictionary(text, fc.jsonValue()),
      requiresAction: fc.boolean(),
      unheardOf: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
)

const happening = fc.record(
  {
    id: fc.oneof(fc.constantFrom(...IDS), text),
    source: fc.constantFrom('/a', '/b'),
    type: fc.oneof(fc.constantFrom(...TYPES), text),
    subject: fc.oneof(fc.constantFrom('B1', 'MSKU-1', 'aurora'), text),
    category: fc.constantFrom(
      'port.container',
      'port.ship',
      'port.berth',
      'port.port',
      'port.system',
      'port.x.y',
    ),
    severity,
    time,
    data,
  },
  { requiredKeys: ['id', 'source', 'type', 'category'] },
)

const move = fc
  .record({
    move: fc.constantFrom(...(Object.keys(MOVE_TYPES) as (keyof typeof MOVE_TYPES)[])),
    subject: fc.oneof(fc.constantFrom(...IDS), text),
    subjectsource: fc.constantFrom(undefined, '/a', '/b'),
    by: fc.oneof(fc.constantFrom(...NAMES), text),
    from: fc.constantFrom(...CASE_STATUSES, 'deleted', 7),
    note: fc.oneof(text, fc.jsonValue()),
    assignee: fc.oneof(fc.constantFrom(...NAMES), fc.constant(null)),
    of: fc.record({ category: fc.constant('port.container'), severity, time }),
  })
  .map(({ move, subject, subjectsource, ...rest }) => ({
    source: 'urn:tidewire:api',
    type: MOVE_TYPES[move],
    category: 'port.container.lifecycle',
    subject,
    subjectsource,
    data: { move, at: '2026-11-21T09:00:00Z', ...rest },
  }))

/** Any sequence of events that the port's channels can carry; each move has an id of its own. */
export const arbitraryEvents: fc.Arbitrary<DomainEvent[]> = fc
  .array(fc.oneof(happening, move), { maxLength: 40 })
  .map((events) => JSON.parse(JSON.stringify(events.map((event, index) => ({ id: `m${index}`, ...event })))))

/** The number of runs of a property; set `PORT_RUNS=20000` for a long run. */
export const RUNS = Number(process.env.PORT_RUNS ?? 300)
