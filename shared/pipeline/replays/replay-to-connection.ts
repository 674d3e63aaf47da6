import { Refusal } from '#shared/core/refusal.ts'
import { packEvents, writeEvent } from '#shared/pipeline/deliver/build-frames.ts'
import { accessOf } from '#shared/pipeline/history/access.ts'
import type { SocketGateway, SubscriptionStore } from '#shared/pipeline/ports.ts'
import type { ReplayTarget } from './replay-events.ts'
import { ReplayFailure } from './run-replay.ts'

type ConnectionDeps = {
  readonly subscriptions: Pick<SubscriptionStore, 'find'>
  readonly gateway: SocketGateway
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Milliseconds since some moment: that of `performance.now()`. */
  readonly elapsed: () => number
}

const PATIENCE_MS = 5000

/**
 * Returns an open connection as the target of a replay: each batch is sent as frames of the type `replay`, with what the
 * principal of the connection may read. Throws ReplayFailure if it is closed.
 */
export async function connectionTarget(
  connection: string,
  replay: string,
  { subscriptions, gateway, now, elapsed }: ConnectionDeps,
): Promise<ReplayTarget> {
  const closed = () => new ReplayFailure(`The connection ${connection} is closed.`)
  const open = await subscriptions.find(connection)
  if (open === null || (open.principal.expires ?? Number.POSITIVE_INFINITY) <= now()) throw closed()
  return {
    access: accessOf(open.principal),
    async send(events, _, signal) {
      const { frames, complete } = packEvents({ type: 'replay', replay }, events.map(writeEvent))
      for (const frame of frames) {
        signal.throwIfAborted()
        const result = await gateway.post(connection, frame, elapsed() + PATIENCE_MS)
        if (result === 'gone') throw closed()
        if (result === 'failed') throw new Refusal('unavailable', 'a frame could not be posted in time')
      }
      return complete ? { isTaken: true } : { isTaken: false, reason: 'an event is too large for a frame' }
    },
  }
}
