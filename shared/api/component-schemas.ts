import * as z from 'zod'
import {
  channel,
  channelPattern,
  cloudEvent,
  cloudEventDraft,
  plainEvent,
  positionedEvent,
  recordEvent,
  severity,
} from '#shared/core/event-schemas.ts'
import { clientMessages, cursor, serverFrames } from '#shared/core/messages.ts'
import type { Domain } from '#shared/domain/define-domain.ts'
import {
  batchReceipt,
  catchUpPage,
  challengeAnswer,
  deadLetterList,
  eventAnswer,
  health,
  historyPage,
  moveReceipt,
  problem,
  receipt,
  stats,
  ticket,
  viewParts,
  viewState,
} from './answer-schemas.ts'
import { catalogAnswer } from './catalog-document.ts'

/** A JSON object of a document. */
export type Json = { readonly [name: string]: unknown }

const eventSchemas = { channel, channelPattern, severity, cursor, cloudEvent, positionedEvent }
const httpSchemas = {
  ...eventSchemas,
  cloudEventDraft,
  plainEvent,
  receipt,
  batchReceipt,
  moveReceipt,
  eventAnswer,
  historyPage,
  catchUpPage,
  deadLetterList,
  viewState,
  viewParts,
  stats,
  catalog: catalogAnswer,
  ticket,
  health,
  challengeAnswer,
  problem,
}

/** The schemas of the HTTP interface by name, in JSON Schema 2020-12 with references among each other. */
export function httpComponents(domains: readonly Domain[]): Json {
  return components({ ...httpSchemas, ...dataSchemas(domains) }, 'draft-2020-12')
}

/** The schemas of the sockets and topics by name. AsyncAPI's own dialect is a superset of draft 07. */
export function asyncComponents(domains: readonly Domain[]): Json {
  return components(
    { ...eventSchemas, recordEvent, ...clientMessages, ...serverFrames, ...dataSchemas(domains) },
    'draft-07',
  )
}

/** The name of the component that describes the data of an event type. */
export function dataSchemaName(type: string): string {
  return `data.${type}`
}

export function schemaRef(name: string): Json {
  return { $ref: `#/components/schemas/${name}` }
}

function dataSchemas(domains: readonly Domain[]): Record<string, z.ZodType> {
  const events = domains.flatMap(({ events: types }) => Object.entries(types))
  return Object.fromEntries(events.map(([type, { schema }]) => [dataSchemaName(type), schema]))
}

function components(schemas: Record<string, z.ZodType>, target: 'draft-2020-12' | 'draft-07'): Json {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id })
  const uri = (id: string) => `#/components/schemas/${id}`
  const { schemas: found } = z.toJSONSchema(registry, { target, io: 'input', uri })
  return Object.fromEntries(
    Object.entries(found).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema]),
  )
}
