import type { PostResult, SocketGateway } from '#shared/pipeline/ports.ts'
import { type Clock, createPace } from './pace.ts'

/** A post is tried this often; a client whose buffer is full (429) must not hold up the others for long. */
const ATTEMPTS = 3
const FIRST_PAUSE_MS = 50

/** What became of one try: final, throttled (429), or a failure that may pass. */
export type Outcome = PostResult | 'throttled' | 'retry'

/** Tries once to post a frame. It never throws, and returns before `deadline`, a time of the clock. */
export type TryPost = (connection: string, frame: string, deadline: number) => Promise<Outcome>

/**
 * Returns `post` of a SocketGateway, which tries with `tryOnce` at most three times. All posts share a pace (./pace.ts),
 * and never begin after their deadline. `onThrottle` is called for each try that the gateway refuses with 429.
 */
export function postAtPace(
  tryOnce: TryPost,
  clock: Clock,
  onThrottle: () => void = () => undefined,
): SocketGateway['post'] {
  const pace = createPace(clock)
  return async (connection, frame, deadline) => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      if (attempt > 1 && !pace.mayRetry()) return 'failed'
      if (!(await pace.turn(connection, deadline))) return 'failed'
      const outcome = await tryOnce(connection, frame, deadline)
      if (outcome === 'sent') pace.sent(connection)
      if (outcome === 'throttled') {
        pace.throttled(connection)
        onThrottle()
      }
      if (outcome !== 'retry' && outcome !== 'throttled') return outcome
      const pause = clock.random() * FIRST_PAUSE_MS * 2 ** attempt
      if (outcome === 'retry' && attempt < ATTEMPTS && clock.now() + pause < deadline)
        await clock.sleep(pause)
    }
    return 'failed'
  }
}
