import { type Fault, Refusal } from '#shared/core/refusal.ts'
import { BROWSE_LIMITS, type BrowseQuery, type Start } from '#shared/pipeline/streams/browse-partition.ts'
import type { HttpRequest } from './http-message.ts'
import { readWait } from './read-query.ts'
import { readQueryTime } from './read-query-time.ts'

const PARAMETERS = ['offset', 'time', 'last', 'limit', 'q', 'field', 'wait'] as const
const STARTS = ['offset', 'time', 'last'] as const
const LONGEST_TEXT = 200
const PATH = /^[^=]{1,200}$/

/**
 * Returns what a request asks of the records of a partition: where to begin (`offset`, `time` or `last`; the newest ones
 * by default), how many, which, and for how long to wait. Throws Refusal `malformed` naming all faults.
 */
export function readBrowseQuery({
  pathParameters,
  query,
}: Pick<HttpRequest, 'pathParameters' | 'query'>): BrowseQuery {
  const { topic = '', partition = '' } = pathParameters
  const faults: Fault[] = []
  const refuse = (name: string, detail: string) => void faults.push({ pointer: `/${name}`, detail })
  const whole = (
    name: string,
    text: string,
    { from, to }: { readonly from: number; readonly to: number },
  ) => {
    const number = Number(text)
    if (/^\d{1,16}$/.test(text) && number >= from && number <= to) return number
    refuse(
      name,
      to === Number.MAX_SAFE_INTEGER
        ? 'is not a whole number.'
        : `is not a whole number from ${from} to ${to}.`,
    )
    return from
  }
  assertKnown(query, PARAMETERS)
  const any = { from: 0, to: Number.MAX_SAFE_INTEGER }
  const limit = whole('limit', query.limit ?? String(BROWSE_LIMITS.usual), {
    from: 1,
    to: BROWSE_LIMITS.most,
  })
  const given = STARTS.filter((name) => query[name] !== undefined)
  if (given.length > 1)
    refuse(given[1] ?? '', `cannot be given beside "${given[0]}": one of them says where to begin.`)
  const start = (): Start => {
    const { offset, time, last } = query
    if (offset !== undefined) return { offset: whole('offset', offset, any) }
    if (time !== undefined) {
      const read = readQueryTime(time)
      if (typeof read === 'number') return { time: read }
      refuse('time', read)
      return { time: 0 }
    }
    return { last: last === undefined ? limit : whole('last', last, { from: 1, to: BROWSE_LIMITS.last }) }
  }
  const { q = '', field = '' } = query
  if (q.length > LONGEST_TEXT) refuse('q', `is longer than ${LONGEST_TEXT} characters.`)
  const at = field.indexOf('=')
  const [path, value] = [field.slice(0, at), field.slice(at + 1)]
  if (field !== '' && (at < 1 || !PATH.test(path)))
    refuse('field', 'is not a member of the event and its value, such as data.containerId=MSKU-9021044.')
  const wanted = { number: whole('partition', partition, any), start: start() }
  if (faults.length > 0)
    throw new Refusal('malformed', 'The query names what cannot be understood.', { faults })
  return {
    topic,
    partition: wanted.number,
    start: wanted.start,
    limit,
    filter: {
      ...(q !== '' && { text: q }),
      ...(field !== '' && { field: { path: path.split('.'), value } }),
    },
    waitMs: readWait(query.wait) * 1000,
  }
}

/** Throws Refusal `malformed` if there are parameters besides those that are known. */
export function assertKnown(query: HttpRequest['query'], known: readonly string[]): void {
  const faults = Object.keys(query)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      pointer: `/${name}`,
      detail:
        known.length === 0 ? 'is not a parameter: there are none.' : `is not one of ${known.join(', ')}.`,
    }))
  if (faults.length > 0)
    throw new Refusal('malformed', 'The query names what cannot be understood.', { faults })
}
