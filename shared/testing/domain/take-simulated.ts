import type { Domain, SimulatedEvent } from '#shared/domain/define-domain.ts'

/** The first events that a domain's simulator makes of a seed. */
export function takeSimulated(
  { simulate }: Domain,
  seed: number,
  count: number,
  begin = 0,
): SimulatedEvent[] {
  let state = seed
  const random = () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  const taken: SimulatedEvent[] = []
  for (const event of simulate?.(random, begin) ?? []) {
    if (taken.push(event) === count) break
  }
  return taken
}
