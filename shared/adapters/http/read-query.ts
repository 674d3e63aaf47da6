import { channelProblem } from '#shared/core/channel.ts'
import { INTEREST_LIMITS, LONG_POLL_LIMIT, QUERY_LIMITS } from '#shared/core/limits.ts'
import { type Fault, Refusal } from '#shared/core/refusal.ts'
import { SEVERITIES } from '#shared/core/severity.ts'
import { PAGE_LIMITS, type Query } from '#shared/pipeline/history/list-events.ts'
import type { RowQuery } from '#shared/pipeline/lifecycle/select-rows.ts'
import type { HttpRequest } from './http-message.ts'
import { readQueryTime } from './read-query-time.ts'

const LONGEST_TEXT = 200

/** Every other parameter is a filter by a member of the events' state, if a lifecycle has such a member. */
const OWN = ['channel', 'severity', 'type', 'subject', 'q', 'from', 'to', 'limit', 'next', 'cursor']

/**
 * Returns what a query string asks of events (`channel`, `severity`, `type`, `subject`, `q`, `from`, `to`), of their
 * state (any other parameter), and the `limit`. Lists are separated by commas; an empty one has no effect. Throws
 * Refusal `malformed` naming all faults.
 */
export function readQuery(
  query: HttpRequest['query'],
  { most, usual }: { readonly most: number; readonly usual: number } = PAGE_LIMITS,
): { query: Query & RowQuery; limit: number } {
  const count = Object.keys(query).length
  if (count > QUERY_LIMITS.parameters)
    throw new Refusal(
      'malformed',
      `The query has ${count} parameters; at most ${QUERY_LIMITS.parameters} are allowed.`,
    )
  const faults: Fault[] = []
  const list = (
    name: string,
    refuse: (item: string) => string | null = () => null,
    most: number = QUERY_LIMITS.values,
  ) => {
    const items = query[name]?.split(',').filter((item) => item !== '') ?? []
    if (items.length > most) {
      faults.push({ pointer: `/${name}`, detail: `has ${items.length} values; at most ${most} are allowed.` })
      return undefined
    }
    for (const item of items) {
      const reason = refuse(item)
      if (reason) faults.push({ pointer: `/${name}`, detail: `"${item.slice(0, 80)}" ${reason}.` })
    }
    return items.length > 0 ? items : undefined
  }
  const time = (name: string) => {
    const text = query[name]
    if (text === undefined) return undefined
    const read = readQueryTime(text)
    if (typeof read === 'string') faults.push({ pointer: `/${name}`, detail: read })
    return typeof read === 'string' ? undefined : read
  }
  const limit = Number(query.limit ?? usual)
  if (!/^\d+$/.test(query.limit ?? '1') || limit < 1 || limit > most)
    faults.push({ pointer: '/limit', detail: `is not a whole number from 1 to ${most}.` })
  const channels = list('channel', refusePattern, INTEREST_LIMITS.channels) ?? ['**']
  const [severity, type] = [list('severity', refuseSeverity), list('type', refusePattern)]
  const [subject, from, to] = [list('subject'), time('from'), time('to')]
  const { q: text = '' } = query
  if (text.length > LONGEST_TEXT)
    faults.push({ pointer: '/q', detail: `is longer than ${LONGEST_TEXT} characters.` })
  const state = Object.keys(query)
    .filter((name) => !OWN.includes(name))
    .flatMap((name): [string, string[]][] => {
      const values = list(name)
      return values ? [[name, values]] : []
    })
  if (faults.length > 0)
    throw new Refusal('malformed', 'The query names what cannot be understood.', { faults })
  const filter = { ...(severity && { severity }), ...(type && { type }), ...(subject && { subject }) }
  const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
  const rows = {
    ...(state.length > 0 && { state: Object.fromEntries(state) }),
    ...(text !== '' && { text }),
  }
  return { query: { channels, filter, ...range, ...rows }, limit }
}

/** Returns for how many seconds a request may be held: its `wait`. Throws Refusal `malformed`. */
export function readWait(wait = '0'): number {
  if (/^\d{1,2}$/.test(wait) && Number(wait) <= LONG_POLL_LIMIT) return Number(wait)
  const fault = { pointer: '/wait', detail: `is not a whole number of seconds from 0 to ${LONG_POLL_LIMIT}.` }
  throw new Refusal('malformed', 'The query names what cannot be understood.', { faults: [fault] })
}

function refusePattern(text: string): string | null {
  return channelProblem(text, { patterns: true })
}

function refuseSeverity(text: string): string | null {
  return (SEVERITIES as readonly string[]).includes(text) ? null : `is not one of ${SEVERITIES.join(', ')}`
}
