import { isStored } from '#shared/pipeline/history/is-stored.ts'
import { poll } from '#shared/pipeline/history/poll.ts'
import type { EventStore, Stream } from '#shared/pipeline/ports.ts'

/** After so many pauses of 20 ms and twice as long each, 1.3 s in all, nobody waits any longer. */
const PAUSES_MS = [20, 40, 80, 160, 320, 640]

/**
 * Waits for the `deliver` function to store a stream up to an offset, for a little more than a second. It claims what
 * it stores (I8), so the fold need only read those claims: two functions that claim the same events at the same time
 * pay twice for conditional writes. Whoever has waited in vain claims for itself; nothing but the cost depends on it.
 */
export async function untilStored(
  { topic, partition, epoch }: Stream,
  offset: number,
  store: Pick<EventStore, 'topic'>,
  sleep: (ms: number) => Promise<unknown>,
): Promise<void> {
  const look = async () => {
    const state = await store.topic(topic)
    return state.epoch !== epoch || isStored(state, partition, offset) ? state : null
  }
  await poll(look, PAUSES_MS, sleep)
}
