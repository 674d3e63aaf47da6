import type { FaultRun } from './fault-run.ts'
import { quantile, tableOf } from './print-table.ts'

/** What a fault run did and found, as a table with its seed. */
export function describeFaultRun({
  options,
  findings,
  produced,
  listeners,
  rig: { gateway, dynamodb },
  counts,
  settledAfterMs,
  notStored,
}: FaultRun): string {
  const lags = Float64Array.from(listeners.flatMap((listener) => listener.lags)).sort()
  const lag = (part: number) => `${(quantile(Array.from(lags), part) / 1000).toFixed(2)} s`
  const sum = (count: (listener: FaultRun['listeners'][number]) => number) =>
    listeners.reduce((total, listener) => total + count(listener), 0)
  const list = (faults: Record<string, number>) =>
    Object.entries(faults)
      .map(([name, times]) => `${name}: ${times}`)
      .join(', ')
  const { seconds, seed, clients, rate } = options
  const table = tableOf(`Fault run: ${seconds} s, ${clients} clients, ${rate} events/s, seed ${seed}`, [
    ['events accepted', produced.acceptedAt.size],
    ['posts tried again', `${produced.retries}, and ${produced.repeats} repeated after their 202`],
    ['deliveries', findings.delivered],
    ['posts to sockets', gateway.posts()],
    ['sockets opened', sum(({ sockets }) => sockets)],
    ['sockets cut', counts.cuts],
    ['sockets stalled', counts.stalls],
    ['kill -9', `${counts.kills}, ${(counts.downMs / 1000).toFixed(0)} s down`],
    ['gateway faults', list(gateway.faults)],
    ['DynamoDB faults', `${list(dynamodb.faults)} of ${dynamodb.requests()} requests`],
    ['HTTP catch-up pages', sum(({ catchUps }) => catchUps)],
    ['lag p50, p99, max', `${lag(0.5)}, ${lag(0.99)}, ${lag(1)}`],
    ['settled after', `${(settledAfterMs / 1000).toFixed(0)} s`],
    ['lost', findings.lost],
    ['accepted but not in the log', notStored ?? 'unknown: the log could not be read'],
    ['repeated', findings.repeated],
    ['out of order', findings.outOfOrder],
    ['not asked for', findings.unasked],
    ['not where the 202 said', `${findings.misplaced} deliveries, ${produced.contradictions} second answers`],
    ['gaps told', findings.gaps],
  ])
  return table + findings.details.map((line) => `  ${line}\n`).join('')
}
