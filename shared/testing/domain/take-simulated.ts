import { seededRandom } from '#shared/core/random.ts'
import type { Domain, SimulatedEvent } from '#shared/domain/define-domain.ts'

/** Returns the first events of a domain's simulator for a seed. */
export function takeSimulated(
  { simulate }: Domain,
  seed: number,
  count: number,
  begin = 0,
): SimulatedEvent[] {
  const taken: SimulatedEvent[] = []
  for (const event of simulate?.(seededRandom(seed), begin) ?? []) {
    if (taken.push(event) === count) break
  }
  return taken
}
