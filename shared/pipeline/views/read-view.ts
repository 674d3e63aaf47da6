import { Buffer } from 'node:buffer'
import { type Cursor, formatCursor, mergeCursors, type TopicCursor } from '#shared/core/cursor.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { View } from '#shared/domain/define-domain.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { pageRoom } from '#shared/pipeline/history/page-room.ts'
import type { EventStore, TopicState } from '#shared/pipeline/ports.ts'
import { mergeParts, type ViewPart } from './apply-event.ts'
import type { ShownKeys } from './view-access.ts'
import type { FoldProgress, StoredPart, ViewStore } from './view-store.ts'
import type { NamedView } from './views.ts'

export type ReadDeps = {
  readonly viewStore: Pick<ViewStore, 'read' | 'progress'>
  readonly store: Pick<EventStore, 'topic'>
  readonly catalog: Catalog
  /** Milliseconds since the epoch of Unix. */
  readonly now: () => number
}

/** Which keys to read: one, or a page of at most `limit` of the shown keys after another page's `next`. */
export type Page = {
  readonly key?: string
  readonly next?: string
  readonly limit: number
  readonly shown: ShownKeys
}

/** The maximum and the default number of keys in a page. */
export const VIEW_LIMITS = { most: 500, usual: 100 } as const

export type ViewParts = {
  readonly parts: readonly ViewPart[]
  readonly cursor: string
  readonly next: string | null
}
export type ViewState = { readonly state: unknown; readonly cursor: string; readonly next?: string }

const KEYS_AT_ONCE = 50
/** How many keys a page looks at, if it may show only some of them. */
const MAX_LOOKED = 1500
const RETRY_AFTER_SECONDS = 5

/**
 * Reads the parts of a view. The cursor is the progress that was read before the parts; for a single key it is as far
 * as its parts. It is never above the head, which a fold may pass before the event is delivered: a reader that continues
 * from there would be told that it is ahead of the log. Some parts may already include events above the cursor: a reader
 * that continues from the cursor drops what a part includes. Throws Refusal `malformed` for a bad `next`, `unavailable` during a rebuild, `forbidden` if too
 * many keys that are not shown lie before one that is.
 */
export async function readParts(named: NamedView, page: Page, deps: ReadDeps): Promise<ViewParts> {
  const key = keyOf(named.view, page)
  const topics = topicsOf(named.view, key, deps)
  const progress = await readProgress(topics, deps)
  const { cursor, heads } = await cursorOf(progress, deps)
  const { parts, next } = await readKeys(named, { ...page, key }, deps)
  assertNotRebuilt(progress, await readProgress(topics, deps))
  const reached = key === undefined ? cursor : parts.reduce(raiseUpTo(heads), cursor)
  const shown = parts.map(({ view: _, ...part }) => part)
  return { parts: shown, cursor: formatCursor(reached), next }
}

/**
 * Reads a view for people, merged and presented: the state of a key, or an object of the states of a page of keys. A
 * view without keys has one state, which is the initial one before any event. Throws what `readParts` throws, and Refusal
 * `not_found` for an unknown key.
 */
export async function readState(named: NamedView, page: Page, deps: ReadDeps): Promise<ViewState> {
  const { view, name } = named
  const key = keyOf(view, page)
  const { parts, cursor, next } = await readParts(named, page, deps)
  const now = deps.now()
  const show = (own: readonly ViewPart[], of: string) => presentParts(view, own, of, now)
  if (key === undefined) {
    const states = [...Map.groupBy(parts, (part) => part.key)].map(([of, own]) => [of, show(own, of)])
    return { state: Object.fromEntries(states), cursor, ...(next !== null && { next }) }
  }
  if (view.keys && parts.length === 0)
    throw new Refusal('not_found', `There is no "${key}" in the view ${name}.`)
  return { state: show(parts, key), cursor }
}

/** Returns the parts of a key merged and presented; the initial state if there are none. `now` is in milliseconds. */
export function presentParts<State>(
  view: View<State>,
  parts: readonly ViewPart[],
  key: string,
  now: number,
): unknown {
  const state = mergeParts(view, parts as readonly ViewPart<State>[]) ?? view.initial(key)
  return view.present ? view.present(state, now, key) : state
}

/** A view without keys has one state, under "". */
function keyOf(view: View, { key }: Page): string | undefined {
  return view.keys ? key : ''
}

type Progress = ReadonlyMap<string, ReadonlyMap<number, FoldProgress>>

/** The topics that may have events of a view, or of one key of it. */
function topicsOf(view: View, key: string | undefined, { catalog }: ReadDeps): string[] {
  return catalog.topicsTouched((key !== undefined && view.channelsOf?.(key)) || view.channels)
}

async function readProgress(topics: readonly string[], { viewStore }: ReadDeps): Promise<Progress> {
  return new Map(
    await Promise.all(topics.map(async (topic) => [topic, await viewStore.progress(topic)] as const)),
  )
}

type Heads = ReadonlyMap<string, TopicState>

async function cursorOf(
  progress: Progress,
  { store }: ReadDeps,
): Promise<{ readonly cursor: Cursor; readonly heads: Heads }> {
  const topics = [...progress.keys()]
  const heads = new Map(
    await Promise.all(topics.map(async (topic) => [topic, await store.topic(topic)] as const)),
  )
  const entries = [...heads].map(([topic, state]): [string, TopicCursor] => {
    const own = [...(progress.get(topic) ?? [])].filter(([, folded]) => folded.epoch === state.epoch)
    const reached = own.map(
      ([partition, { offset }]) => [partition, stored(state, partition, offset)] as const,
    )
    return [topic, { epoch: state.epoch, offsets: new Map(reached.filter(([, offset]) => offset >= 0)) }]
  })
  return { cursor: new Map(entries), heads }
}

/** An offset, or the head of its partition if that is lower; -1 without a head. */
function stored({ heads }: TopicState, partition: number, offset: number): number {
  return Math.min(offset, heads.get(partition)?.offset ?? -1)
}

/** During a rebuild, deleted parts look as if they had never existed, so a reader must not continue from the others. */
function assertNotRebuilt(before: Progress, after: Progress): void {
  for (const [topic, partitions] of after)
    for (const [partition, { isRebuilding, rebuilds }] of partitions)
      if (isRebuilding || rebuilds !== before.get(topic)?.get(partition)?.rebuilds)
        throw new Refusal(
          'unavailable',
          `The view is being rebuilt from ${topic}, partition ${partition}. Ask again later.`,
          { retryAfterSeconds: RETRY_AFTER_SECONDS },
        )
}

/** Raises a cursor to a part, or to the head that was read before the part. */
function raiseUpTo(heads: Heads): (cursor: Cursor, part: StoredPart) => Cursor {
  return (cursor, { topic, partition, epoch, offset }) => {
    const state = heads.get(topic)
    const reached = state?.epoch === epoch ? stored(state, partition, offset) : -1
    if (reached < 0) return cursor
    return mergeCursors(cursor, new Map([[topic, { epoch, offsets: new Map([[partition, reached]]) }]]))
  }
}

type KeyPage = { readonly parts: readonly StoredPart[]; readonly next: string | null }
type Keys = Omit<Page, 'key'> & { readonly key: string | undefined }

/** Whole keys, as many as the page may have and a response has room for. */
async function readKeys({ name }: NamedView, { key, ...page }: Keys, deps: ReadDeps): Promise<KeyPage> {
  const { shown, next } = page
  const { viewStore } = deps
  if (key !== undefined) return viewStore.read(name, { key, limit: 1 })
  if (shown === 'all') return readAllKeys(name, page, deps)
  if ('admits' in shown) return readAdmittedKeys(name, page, shown.admits, deps)
  if (next === undefined) return viewStore.read(name, { key: shown.only, limit: 1 })
  readNext(name, next)
  return { parts: [], next: null }
}

type ListPage = Pick<Page, 'next' | 'limit'>

async function readAllKeys(name: string, { next, limit }: ListPage, { viewStore }: ReadDeps) {
  const parts: StoredPart[] = []
  const room = pageRoom()
  let after = next === undefined ? undefined : readNext(name, next)
  for (let left = limit; left > 0; ) {
    const max = Math.min(left, KEYS_AT_ONCE)
    const page = await viewStore.read(name, { limit: max, ...(after !== undefined && { after }) })
    for (const [of, own] of Map.groupBy(page.parts, (part) => part.key)) {
      if (!room.take(own)) return { parts, next: writeNext(name, after ?? '') }
      parts.push(...own)
      after = of
    }
    if (page.next === null) return { parts, next: null }
    left -= max
    after = page.next
  }
  return { parts, next: after === undefined ? null : writeNext(name, after) }
}

/** Passes over other keys. `next` is always a key that was shown, since it must not tell the name of another. */
async function readAdmittedKeys(
  name: string,
  { next, limit }: ListPage,
  admits: (key: string) => boolean,
  { viewStore }: ReadDeps,
): Promise<KeyPage> {
  const parts: StoredPart[] = []
  const room = pageRoom()
  let after = next === undefined ? undefined : readNext(name, next)
  let last: string | undefined
  let shown = 0
  for (let looked = 0; looked < MAX_LOOKED; looked += KEYS_AT_ONCE) {
    const page = await viewStore.read(name, { limit: KEYS_AT_ONCE, ...(after !== undefined && { after }) })
    for (const [of, own] of Map.groupBy(page.parts, (part) => part.key)) {
      if (!admits(of)) continue
      const fits = shown < limit && room.take(own)
      if (!fits && last !== undefined) return { parts, next: writeNext(name, last) }
      parts.push(...own)
      last = of
      shown++
    }
    if (page.next === null) return { parts, next: null }
    after = page.next
  }
  if (last !== undefined) return { parts, next: writeNext(name, last) }
  throw new Refusal(
    'forbidden',
    `These credentials may read so few of the keys of ${name} that they cannot be listed; read each by its name.`,
  )
}

/** Marks a `next` as one of a view. With the name of the view in it, one of another view is not taken for it. */
const MARK = 'k'

function writeNext(name: string, key: string): string {
  return MARK + Buffer.from(`${name}/${key}`).toString('base64url')
}

function readNext(name: string, next: string): string {
  const text = Buffer.from(next.slice(MARK.length), 'base64url').toString()
  const key = text.slice(name.length + 1)
  if (writeNext(name, key) === next) return key
  throw new Refusal(
    'malformed',
    `"next" is not one that a page of the view ${name} gave; leave it out to start with the first key.`,
  )
}
