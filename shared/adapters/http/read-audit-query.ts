import { AUDIT_CHANNELS, AUDITED_ACTIONS, auditType } from '#shared/core/audit.ts'
import { matchesChannel } from '#shared/core/channel.ts'
import { type Fault, Refusal } from '#shared/core/refusal.ts'
import type { Query, Selection } from '#shared/pipeline/history/list-events.ts'
import type { HttpRequest } from './http-message.ts'
import { readQuery } from './read-query.ts'

const PARAMETERS = ['principal', 'action', 'outcome', 'from', 'to', 'limit', 'next']
const OUTCOMES = ['done', 'refused']

/** Which entries of the audit trail are asked for, as `listEvents` takes it. */
type AuditQuery = {
  readonly query: Query
  readonly limit: number
  readonly next: string | undefined
  readonly selection: Selection
}

/**
 * Returns what a query string asks of the audit trail: `principal` (names), `action` (names or patterns such as `key.*`),
 * `outcome`, `from`, `to`, `limit` and `next`. Lists are separated by commas; an empty one has no effect. Throws Refusal
 * `malformed` naming all faults.
 */
export function readAuditQuery(given: HttpRequest['query']): AuditQuery {
  const faults: Fault[] = []
  const list = (name: string) => given[name]?.split(',').filter((item) => item !== '') ?? []
  for (const name of Object.keys(given).filter((one) => !PARAMETERS.includes(one)))
    faults.push({ pointer: `/${name}`, detail: `is not one of ${PARAMETERS.join(', ')}.` })
  const types = list('action').flatMap((pattern) => {
    const found = AUDITED_ACTIONS.filter((action) => matchesChannel(pattern, action))
    if (found.length === 0)
      faults.push({ pointer: '/action', detail: `"${pattern.slice(0, 80)}" is no audited action.` })
    return found.map(auditType)
  })
  const outcomes = list('outcome')
  for (const outcome of outcomes.filter((one) => !OUTCOMES.includes(one)))
    faults.push({ pointer: '/outcome', detail: `"${outcome.slice(0, 80)}" is not done or refused.` })
  if (faults.length > 0)
    throw new Refusal('malformed', 'The query names what cannot be understood.', { faults })
  const { from, to, limit: size, next } = given
  const { query, limit } = readQuery({ from, to, limit: size })
  const principals = list('principal')
  const filter = {
    ...(types.length > 0 && { type: types }),
    ...(principals.length > 0 && { subject: principals }),
  }
  const range = {
    ...(query.from !== undefined && { from: query.from }),
    ...(query.to !== undefined && { to: query.to }),
  }
  return {
    query: { channels: [AUDIT_CHANNELS], filter, ...range },
    limit,
    next,
    selection: {
      admits: ({ data }) => outcomes.length === 0 || outcomes.includes(outcomeOf(data)),
      select: async (events) => events,
    },
  }
}

function outcomeOf(data: unknown): string {
  return String((data as { readonly outcome?: unknown } | undefined)?.outcome)
}
