import {
  DEAD_LETTER_CODES,
  DEAD_LETTER_CONSUMERS,
  DEAD_LETTER_STATUSES,
  type DeadLetterCode,
  type DeadLetterConsumer,
  type DeadLetterStatus,
} from '#shared/core/dead-letter.ts'
import type { Position } from '#shared/core/event.ts'
import { QUERY_LIMITS } from '#shared/core/limits.ts'
import { type Fault, Refusal } from '#shared/core/refusal.ts'
import type { DeadLetterFilter } from '#shared/pipeline/dead-letters/dead-letter-filter.ts'
import type { HttpRequest } from './http-message.ts'
import { readQuery } from './read-query.ts'

const LISTS = ['topic', 'code', 'consumer', 'status', 'source', 'type'] as const
const PARAMETERS: readonly string[] = [...LISTS, 'from', 'to', 'q', 'limit', 'next']

/** Which dead letters are asked for, as `list` of the store takes it. */
type LetterRequest = {
  readonly filter: DeadLetterFilter
  readonly limit: number
  readonly after: string | undefined
}

/**
 * Returns what a query string asks of dead letters: `topic`, `code`, `consumer`, `status` (open by default), `source`,
 * `type` (or patterns), `from`, `to`, `q`, `limit` and `next`. Lists are separated by commas; an empty one has no effect.
 * Throws Refusal `malformed` naming all faults.
 */
export function readLetterQuery(given: HttpRequest['query']): LetterRequest {
  const faults: Fault[] = []
  for (const name of Object.keys(given).filter((one) => !PARAMETERS.includes(one)))
    faults.push({ pointer: `/${name}`, detail: `is not one of ${PARAMETERS.join(', ')}.` })
  const list = (name: (typeof LISTS)[number]) => {
    const items = given[name]?.split(',').filter((item) => item !== '') ?? []
    if (items.length > QUERY_LIMITS.values) {
      const detail = `has ${items.length} values; at most ${QUERY_LIMITS.values} are allowed.`
      faults.push({ pointer: `/${name}`, detail })
    }
    return items.length > 0 ? items : undefined
  }
  const words = <Word extends string>(name: (typeof LISTS)[number], known: readonly Word[]) => {
    const items = list(name)
    const isKnown = (item: string): item is Word => (known as readonly string[]).includes(item)
    for (const item of items?.filter((one) => !isKnown(one)) ?? []) {
      const detail = `"${item.slice(0, 80)}" is not one of ${known.join(', ')}.`
      faults.push({ pointer: `/${name}`, detail })
    }
    return items?.filter(isKnown)
  }
  const [topic, source, type] = [list('topic'), list('source'), list('type')]
  const code = words<DeadLetterCode>('code', DEAD_LETTER_CODES)
  const consumer = words<DeadLetterConsumer>('consumer', DEAD_LETTER_CONSUMERS)
  const status = words<DeadLetterStatus>('status', DEAD_LETTER_STATUSES) ?? ['open']
  if (faults.length > 0)
    throw new Refusal('malformed', 'The query names what cannot be understood.', { faults })
  const { from, to, q, limit: size, next } = given
  const { query, limit } = readQuery({ from, to, q, limit: size })
  return {
    filter: {
      status,
      ...(topic && { topic }),
      ...(code && { code }),
      ...(consumer && { consumer }),
      ...(source && { source }),
      ...(type && { type }),
      ...(query.from !== undefined && { from: query.from }),
      ...(query.to !== undefined && { to: query.to }),
      ...(query.text !== undefined && { q: query.text }),
    },
    limit,
    after: next || undefined,
  }
}

/** Returns the position in a path. Throws Refusal `malformed` if the partition or the offset is no number. */
export function readPosition({
  topic = '',
  partition = '',
  offset = '',
}: Readonly<Record<string, string | undefined>>): Position {
  const isNumber = (text: string) => /^\d{1,15}$/.test(text)
  if (isNumber(partition) && isNumber(offset))
    return { topic, partition: Number(partition), offset: Number(offset) }
  throw new Refusal('malformed', 'A position is /<topic>/<partition>/<offset>, such as /port-events/0/12.')
}
