import { type Fault, faultsRefusal } from '#shared/core/refusal.ts'
import type { PeopleQuery } from './directory.ts'

export const PEOPLE_LIMITS = { usual: 50, most: 100, q: 128 } as const

/** Reads `q` and `limit` of `GET /users`, which has no pages. Throws Refusal `malformed`. */
export function readPeopleQuery(query: Readonly<Record<string, string | undefined>>): PeopleQuery {
  const { q = '', limit: given = String(PEOPLE_LIMITS.usual), next = '' } = query
  const limit = Number(given)
  const faults: Fault[] = []
  if (q.length > PEOPLE_LIMITS.q)
    faults.push({ pointer: '/q', detail: `is longer than ${PEOPLE_LIMITS.q} characters.` })
  if (!/^\d+$/.test(given) || limit < 1 || limit > PEOPLE_LIMITS.most)
    faults.push({ pointer: '/limit', detail: `is not a whole number from 1 to ${PEOPLE_LIMITS.most}.` })
  if (next !== '')
    faults.push({
      pointer: '/next',
      detail: 'is not one that this list gave: it has no pages; ask with "q".',
    })
  if (faults.length > 0) throw faultsRefusal('malformed', faults)
  return { q: q.trim(), limit }
}
