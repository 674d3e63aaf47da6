import { mayPublish, type Subject } from '#shared/core/access/authorize.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { isOwnChannel } from '#shared/core/channel.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import type { Fault } from '#shared/core/refusal.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { deriveCategory } from './check-event.ts'

/** Who sends events: what the policy needs to know, and the sources that belong to the credential. */
export type Author = Subject & Pick<Principal, 'sources'>

/**
 * Who wrote a record that none of our functions signed: anybody that can reach Kafka. Such a record may be what a
 * publisher could have posted, but for what somebody did.
 */
export const STRANGER: Author = { name: '', role: 'publisher' }

/** Sources of Tidewire's own events. The scheme and the namespace of a URN are in any case (RFC 8141 §3.1). */
const RESERVED_SOURCE = /^urn:tidewire(?::|$)/i

/** Whether a source belongs to Tidewire itself, so that nobody may give it. */
export function isReservedSource(source: string): boolean {
  return RESERVED_SOURCE.test(source)
}

/**
 * Returns why an author may not write a valid event, with an empty list if it may: a type or a channel that only Tidewire
 * writes, a channel that the policy does not grant, the name of somebody else as the one who acts. The channel is that
 * of the event, and that which follows from its type and data.
 */
export function authorFaults(event: CloudEvent, author: Author, catalog: Catalog): Fault[] {
  const definition = catalog.definitionOf(event.type)
  if (definition?.isInternal)
    return [{ pointer: '/type', detail: 'is written by Tidewire alone, when it follows from other events.' }]
  const faults: Fault[] = []
  const channel = channelFault(event, author, catalog)
  if (channel !== null) faults.push({ pointer: '/category', detail: channel })
  const actor = actorFault(event, author, definition?.actor)
  if (actor !== null) faults.push({ pointer: `/data/${definition?.actor}`, detail: actor })
  return faults
}

/** Returns a fault if the source of an event, as its author gave it, is one of Tidewire's own. */
export function sourceFault(given: string | undefined): Fault[] {
  if (given === undefined || !isReservedSource(given)) return []
  const detail =
    'begins with "urn:tidewire", which is reserved for Tidewire; choose another, or leave it out.'
  return [{ pointer: '/source', detail }]
}

function channelFault(event: CloudEvent, author: Author, catalog: Catalog): string | null {
  const { category = '', type } = event
  if (catalog.isMove(category))
    return 'is for the moves of a lifecycle; make them with POST /events/{id}/<move>.'
  if (category === 'tidewire' || isOwnChannel(category))
    return 'begins with "tidewire", which is reserved for Tidewire; choose another.'
  const { category: _, ...rest } = event
  const derived = deriveCategory(rest, catalog).category
  const channels = typeof derived === 'string' ? [category, derived] : [category]
  const refused = channels.find((channel) => !mayPublish(author, channel, type))
  if (refused === undefined) return null
  const who = author === STRANGER ? 'a record without a signature' : `${author.name} (${author.role})`
  return `is not granted: ${who} may not write "${type}" to the channel "${refused}" (docs/security.md).`
}

function actorFault({ data }: CloudEvent, author: Author, actor: string | undefined): string | null {
  if (actor === undefined) return null
  // Without the member a view may take the source for a name, and anybody can choose a source.
  if (author === STRANGER) return 'says who acted, and nobody knows that of a record without a signature.'
  const named = memberOf(data, actor)
  if (named === undefined || author.actsForOthers || named === author.name) return null
  return `is filled in by the server: leave it out, or give ${JSON.stringify(author.name)}.`
}

function memberOf(data: unknown, name: string): unknown {
  return typeof data === 'object' && data !== null && Object.hasOwn(data, name)
    ? (data as Readonly<Record<string, unknown>>)[name]
    : undefined
}
