import { type Fault, faultsRefusal } from '#shared/core/refusal.ts'
import type { ConnectionQuery, ListedConnection, SubscriptionStore } from '#shared/pipeline/ports.ts'
import {
  type MergedReports,
  mergeReports,
  type ReportStore,
} from '#shared/pipeline/telemetry/instance-report.ts'

export const CONNECTION_LIMITS = { usual: 50, most: 100, text: 200, name: 256, next: 512 } as const
const PARAMETERS = ['principal', 'q', 'limit', 'next']

/** Reads `principal`, `q`, `limit` and `next` of `GET /connections`. Throws Refusal `malformed` naming all faults. */
export function readConnectionsQuery(given: Readonly<Record<string, string | undefined>>): ConnectionQuery {
  const { principal = '', q = '', limit: size = String(CONNECTION_LIMITS.usual), next = '' } = given
  const faults: Fault[] = []
  const assertLength = (name: string, text: string, most: number) => {
    if (text.length > most) faults.push({ pointer: `/${name}`, detail: `is longer than ${most} characters.` })
  }
  for (const name of Object.keys(given).filter((one) => !PARAMETERS.includes(one)))
    faults.push({ pointer: `/${name}`, detail: `is not one of ${PARAMETERS.join(', ')}.` })
  assertLength('principal', principal, CONNECTION_LIMITS.name)
  assertLength('q', q, CONNECTION_LIMITS.text)
  assertLength('next', next, CONNECTION_LIMITS.next)
  const limit = Number(size)
  if (!/^\d+$/.test(size) || limit < 1 || limit > CONNECTION_LIMITS.most)
    faults.push({ pointer: '/limit', detail: `is not a whole number from 1 to ${CONNECTION_LIMITS.most}.` })
  if (faults.length > 0) throw faultsRefusal('malformed', faults)
  return {
    limit,
    ...(principal !== '' && { principal }),
    ...(q.trim() !== '' && { text: q.trim() }),
    ...(next !== '' && { next }),
  }
}

type ListDeps = {
  readonly subscriptions: Pick<SubscriptionStore, 'listConnections' | 'countConnections'>
  readonly reports: Pick<ReportStore, 'list'>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Returns a page of the open connections as `GET /connections` shows it, and how many there are in total. */
export async function listConnections(query: ConnectionQuery, { subscriptions, reports, now }: ListDeps) {
  const [{ connections, next }, total, reported] = await Promise.all([
    subscriptions.listConnections(query),
    subscriptions.countConnections(),
    reports.list(),
  ])
  const time = now()
  const merged = mergeReports(reported, time)
  return { connections: connections.map((one) => present(one, merged, time)), total, next }
}

function present(
  { connection, connected, ends, address, principal, subscriptions }: ListedConnection,
  { rateOf }: MergedReports,
  now: number,
) {
  const { framesPerSecond, eventsPerSecond, last } = rateOf(connection)
  const { name, kind, role, expires } = principal
  return {
    id: connection,
    principal: { name, kind, role },
    connected: toTime(connected),
    expires: toTime(Math.min(ends, expires ?? ends)),
    ...(address !== undefined && { address }),
    subscriptions: subscriptions.map(({ behindSince, ...one }) => ({ ...one, behind: behindSince !== null })),
    framesPerSecond,
    eventsPerSecond,
    ...(last !== undefined && { lastFrame: toTime(last) }),
    lagMs: lagOf(subscriptions, now),
  }
}

/** How long ago the first frame was missed that a subscription still misses; 0 if none misses any. */
function lagOf(subscriptions: ListedConnection['subscriptions'], now: number): number {
  const ages = subscriptions.map(({ behindSince }) => (behindSince === null ? 0 : now - behindSince))
  return Math.max(0, ...ages)
}

function toTime(ms: number): string {
  return new Date(ms).toISOString()
}
