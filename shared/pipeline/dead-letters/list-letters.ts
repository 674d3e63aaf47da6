import { Refusal } from '#shared/core/refusal.ts'
import type { DeadLetter, LetterRecord } from './dead-letter.ts'
import { type DeadLetterFilter, matchesLetter } from './dead-letter-filter.ts'
import type { DeadLetterStore, LetterPage, LetterQuery } from './dead-letter-store.ts'

/** How many letters a page reads until it ends, matching or not, and about how many characters of them. */
const BUDGET = { letters: 5000, characters: 16 * 1024 * 1024 } as const
/** How many letters of a topic are read at once at most. At first one more than the page has tells if it is the last. */
const LARGEST_READ = 500

/** Where a letter is among those of its topic: text that sorts by the time of the record, its offset and partition. */
export function placeOf({ timestamp, partition, offset }: Omit<LetterRecord, 'topic'>): string {
  return `${pad(timestamp, 15)}#${pad(offset, 16)}#${partition}`
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}

/** Returns the `after` that continues a list behind a letter. */
export function nextAfter(letter: LetterRecord): string {
  return nextOf({ place: placeOf(letter), topic: letter.topic })
}

/** Places of a topic, ends included. */
export type PlaceRange = { readonly from: string; readonly to: string; readonly newestFirst: boolean }

/** Letters of one topic in the order of a list. `readTo` is the place of the last one that was read, null at the end. */
export type LettersRead = {
  readonly letters: readonly DeadLetter[]
  readonly read: number
  readonly readTo: string | null
}

/** What a list needs of a store. */
export type LetterReader = Pick<DeadLetterStore, 'get'> & {
  /** Reads at most `size` letters of a range, expired ones included, which only count. `behind` is the `readTo` before. */
  readLetters(
    topic: string,
    range: PlaceRange,
    read: { readonly size: number; readonly behind: string | undefined },
  ): Promise<LettersRead>
}

/** Lists the letters of a query as the store promises: those of all topics, merged by their places, then by topic. */
export async function listLetters(query: LetterQuery, reader: LetterReader): Promise<LetterPage> {
  const { filter, limit, order = 'newest', after } = query
  const newestFirst = order === 'newest'
  const start = after === undefined ? undefined : parseNext(after, query.topics)
  const isBefore = inOrder(newestFirst)
  const isBehindStart = (letter: DeadLetter) => start === undefined || isBefore(start, pointOf(letter))
  const topics = [...new Set(query.topics)].filter((topic) => filter.topic?.includes(topic) ?? true)
  if (filter.positions) {
    const positions = filter.positions.filter(({ topic }) => topics.includes(topic))
    const found = await Promise.all(positions.map((position) => reader.get(position)))
    const letters = found.flatMap((letter) => letter ?? []).filter((letter) => matchesLetter(filter, letter))
    return pageOf(unique(letters).filter(isBehindStart), limit, isBefore)
  }
  const range = { ...rangeOf(filter, start, newestFirst), newestFirst }
  const sources = topics.map((topic) => openSource(topic, range, isBehindStart, reader))
  return mergeSources(query, sources, isBefore)
}

async function mergeSources(
  { filter, limit }: LetterQuery,
  sources: readonly Source[],
  isBefore: (a: Point, b: Point) => boolean,
): Promise<LetterPage> {
  const letters: DeadLetter[] = []
  const spent = { letters: 0, characters: 0 }
  let last: Point | undefined
  for (let size = Math.min(limit + 1, LARGEST_READ); ; ) {
    const waiting = sources.filter((source) => source.isWaiting())
    const head = earliest(sources, (source) => source.head(), isBefore)
    const unread = earliest(waiting, (source) => source.readTo(), isBefore)
    const isUnstarted = waiting.some((source) => source.readTo() === undefined)
    if (head && !isUnstarted && (unread === undefined || isBefore(head.point, unread.point))) {
      if (letters.length === limit) return { letters, next: last ? nextOf(last) : null }
      const letter = head.source.take()
      last = head.point
      if (letter && matchesLetter(filter, letter)) letters.push(letter)
      continue
    }
    if (waiting.length === 0) return { letters, next: null }
    const isSpent = spent.letters >= BUDGET.letters || spent.characters >= BUDGET.characters
    if (unread && !isUnstarted && (isSpent || letters.length === limit))
      return { letters, next: nextOf(unread.point) }
    const reads = await Promise.all(waiting.map((source) => source.readMore(size)))
    for (const { read, characters } of reads) {
      spent.letters += read
      spent.characters += characters
    }
    size = Math.min(size * 2, LARGEST_READ)
  }
}

/** A letter, or the end of what was read, in the order of a list. */
type Point = { readonly place: string; readonly topic: string }
type Source = ReturnType<typeof openSource>

/** The letters of one topic as a list reads them. */
function openSource(
  topic: string,
  range: PlaceRange,
  admits: (letter: DeadLetter) => boolean,
  { readLetters }: LetterReader,
) {
  let buffer: DeadLetter[] = []
  let behind: string | undefined
  let isDone = range.from > range.to
  return {
    head: (): Point | undefined => buffer[0] && pointOf(buffer[0]),
    take: () => buffer.shift(),
    isWaiting: () => buffer.length === 0 && !isDone,
    readTo: (): Point | undefined => (behind === undefined ? undefined : { place: behind, topic }),
    async readMore(size: number) {
      const { letters, read, readTo } = await readLetters(topic, range, { size, behind })
      buffer = letters.filter(admits)
      if (readTo === null) isDone = true
      else behind = readTo
      const characters = letters.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
      return { read, characters }
    },
  }
}

function earliest(
  sources: readonly Source[],
  pointIn: (source: Source) => Point | undefined,
  isBefore: (a: Point, b: Point) => boolean,
): { readonly source: Source; readonly point: Point } | undefined {
  let best: { readonly source: Source; readonly point: Point } | undefined
  for (const source of sources) {
    const point = pointIn(source)
    if (point && (best === undefined || isBefore(point, best.point))) best = { source, point }
  }
  return best
}

function inOrder(newestFirst: boolean): (a: Point, b: Point) => boolean {
  return (a, b) => {
    if (a.place === b.place) return a.topic < b.topic
    return newestFirst ? a.place > b.place : a.place < b.place
  }
}

function pointOf(letter: DeadLetter): Point {
  return { place: placeOf(letter), topic: letter.topic }
}

function unique(letters: readonly DeadLetter[]): DeadLetter[] {
  return [...new Map(letters.map((letter) => [nextAfter(letter), letter])).values()]
}

function pageOf(
  letters: readonly DeadLetter[],
  limit: number,
  isBefore: (a: Point, b: Point) => boolean,
): LetterPage {
  const ordered = [...letters].sort((a, b) => (isBefore(pointOf(a), pointOf(b)) ? -1 : 1))
  const page = ordered.slice(0, limit)
  const last = page.at(-1)
  return { letters: page, next: last && page.length < ordered.length ? nextAfter(last) : null }
}

/** Below and above every place. */
const [LOWEST, HIGHEST] = ['', '~']

function rangeOf({ from, to }: DeadLetterFilter, start: Point | undefined, newestFirst: boolean) {
  const first = from === undefined || from < 0 ? LOWEST : pad(from, 15)
  const last = to === undefined ? HIGHEST : `${pad(Math.max(to, 0), 15)}${HIGHEST}`
  if (start === undefined) return { from: first, to: last }
  const isWithin = start.place > first && start.place < last
  if (newestFirst) return { from: first, to: isWithin || start.place < first ? start.place : last }
  return { from: isWithin || start.place > last ? start.place : first, to: last }
}

const NEXT = /^([\d-]{15}#\d{16}#\d{1,9})@([A-Za-z0-9._-]{1,249})$/

function nextOf({ place, topic }: Point): string {
  return `${place}@${topic}`
}

/** A topic that this stack does not have is in the `next` of another one. */
function parseNext(after: string, topics: readonly string[]): Point {
  const [, place, topic] = NEXT.exec(after) ?? []
  if (place !== undefined && topic !== undefined && topics.includes(topic)) return { place, topic }
  throw new Refusal(
    'malformed',
    '"next" is not one that a page of dead letters gave; leave it out to start at the beginning.',
  )
}
