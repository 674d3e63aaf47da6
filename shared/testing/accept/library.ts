import * as z from 'zod'
import type { CloudEvent } from '#shared/core/event.ts'
import { type Domain, defineDomain, defineView } from '#shared/domain/define-domain.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import type { EventLog, EventStore, KafkaRecord, NewRecord } from '#shared/pipeline/ports.ts'
import type { FoldDeps } from '#shared/pipeline/views/fold.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'
import { makeEvent, makeRecord, type Place } from './records.ts'

export type Shelf = { readonly titles: readonly string[] }

/**
 * Books are put on shelves; the third book of a shelf makes it full, which is an event. A special `title` causes an
 * error.
 */
const shelves = defineView<Shelf>({
  description: 'the titles on each shelf, in order',
  lateEvents: 'as they come',
  channels: ['library.book'],
  keys: ({ event: { subject = '' } }) => (subject === 'nowhere' ? raise('no shelf') : [subject]),
  initial: () => ({ titles: [] }),
  apply: (shelf, { event: { data } }) => {
    const { title } = data as { title: string }
    if (title === 'none') return shelf
    if (title === 'burnt') raise('burnt')
    return { titles: [...shelf.titles, title] }
  },
  emit: (before, { event: { data } }, { titles }, key) => {
    if ((data as { title: string }).title === 'mute') raise('mute')
    if (titles.length !== 3) return []
    const books = (data as { title: string }).title === 'odd' ? 'three' : before.titles.length + 1
    return [{ type: 'library.shelf.full', subject: key, data: { books } }, { type: 'library.noted' }]
  },
  merge: (left, right) => ({ titles: [...left.titles, ...right.titles] }),
  present: ({ titles }, now, key) => ({ key, count: titles.length, titles, now }),
})

/** The number of events of each type, including those that followed. */
const counts = defineView<Readonly<Record<string, number>>>({
  description: 'how many of each type',
  lateEvents: 'as they come',
  channels: ['library.**'],
  initial: () => ({}),
  apply: (state, { event: { type } }) => ({ ...state, [type]: (state[type] ?? 0) + 1 }),
  merge: (left, right) => {
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()
    return Object.fromEntries(names.map((name) => [name, (left[name] ?? 0) + (right[name] ?? 0)]))
  },
})

/** An example domain. */
export const library: Domain = defineDomain({
  name: 'library',
  topics: { library: ['library.**'] },
  events: {
    'library.book': { schema: z.looseObject({ title: z.string() }), category: 'library.book' },
    'library.shelf.full': {
      schema: z.looseObject({ books: z.number() }),
      severity: 'high',
      key: ({ books }: { books: number }) => `k${books}`,
    },
    'library.noted': { schema: z.unknown().optional() },
  },
  views: { shelves, counts },
})

function raise(message: string): never {
  throw new Error(message)
}

/** Returns the event of a book that is put on a shelf. */
export function book(id: string, shelf: string, title: string, given: Partial<CloudEvent> = {}): CloudEvent {
  const fixed = { type: 'library.book', category: 'library.book', datacontenttype: 'application/json' }
  return makeEvent(id, { ...fixed, subject: shelf, data: { title }, ...given })
}

export const inLibrary = (place: Place, content: CloudEvent | string): KafkaRecord =>
  makeRecord({ topic: 'library', ...place }, content)

/** The dependencies of a fold in memory, and the records that it has appended. */
export function makeFoldDeps(
  yieldPoint: () => Promise<void> = async () => {},
  domains: readonly Domain[] = [library],
): { readonly deps: FoldDeps & { readonly store: EventStore }; readonly appended: NewRecord[] } {
  const catalog = createCatalog(domains)
  const appended: NewRecord[] = []
  const kafka: EventLog = {
    async append(records) {
      await yieldPoint()
      appended.push(...records)
      await yieldPoint()
      return records.map(({ topic }, offset) => ({ topic, partition: 0, offset }))
    },
  }
  return {
    appended,
    deps: {
      kafka,
      catalog,
      decode: recordDecoder(catalog, () => 'signed'),
      views: viewsOf(domains),
      store: memoryEventStore(yieldPoint),
      claims: memoryClaimStore(yieldPoint),
      deadLetters: memoryDeadLetterStore(yieldPoint),
      viewStore: memoryViewStore(yieldPoint),
    },
  }
}

/** Returns the events of appended records. */
export function eventsOf(appended: readonly NewRecord[]): CloudEvent[] {
  return appended.map(({ value }) => JSON.parse(new TextDecoder().decode(value)))
}
