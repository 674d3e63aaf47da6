import type { Domain } from '#shared/domain/define-domain.ts'

/** The beginning of a domain's simulation, as of now: CloudEvents for one batch. */
export function simulateEvents({ name, simulate }: Domain, count: number): Record<string, unknown>[] {
  const events: Record<string, unknown>[] = []
  let random = 7
  const next = () => {
    random = (random * 16_807) % 2_147_483_647
    return random / 2_147_483_647
  }
  for (const { event } of simulate?.(next, Date.now()) ?? []) {
    if (events.length === count) break
    const { time: _, ...rest } = event
    events.push({ specversion: '1.0', id: `${name}-${events.length}`, source: '/simulated', ...rest })
  }
  return events
}
