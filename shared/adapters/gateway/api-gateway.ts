import { setTimeout as sleep } from 'node:timers/promises'
import { type AwsSettings, localSigning, type Signing, signingOf } from '#shared/adapters/aws/aws-settings.ts'
import { encodeStrictly } from '#shared/adapters/aws/sign-request.ts'
import { payloadOf, signedRequester } from '#shared/adapters/aws/signed-request.ts'
import type { SocketGateway } from '#shared/pipeline/ports.ts'
import type { Clock } from './pace.ts'
import { type Outcome, postAtPace } from './post-at-pace.ts'

/** No single try takes longer than this, in milliseconds. */
const TRY_MS = 2000

type Options = {
  readonly endpoint: string
  /** Signs with credentials of no account. */
  readonly isLocal: boolean
  readonly aws?: AwsSettings
  readonly clock?: Clock
  /** Called for each post that the gateway refuses with 429. */
  readonly onThrottle?: () => void
}

const REAL_CLOCK: Clock = { now: () => performance.now(), sleep, random: Math.random }

/**
 * The SocketGateway on API Gateway's management API at `endpoint`, or locally on the emulator's. All posts share a pace
 * (./pace.ts). Requests are signed and sent without the SDK, whose client would be three quarters of the cost of a post.
 */
export function apiGateway({
  endpoint,
  isLocal,
  aws = {},
  clock = REAL_CLOCK,
  onThrottle,
}: Options): SocketGateway {
  const send = createSender(endpoint, isLocal ? localSigning(aws) : signingOf(aws))

  const tryOnce = async (connection: string, frame: string, deadline: number): Promise<Outcome> => {
    const timeoutMs = Math.max(1, Math.min(TRY_MS, deadline - clock.now()))
    return judge(await send({ method: 'POST', connection, frame, timeoutMs }).catch(() => 0))
  }

  return {
    post: postAtPace(tryOnce, clock, onThrottle),

    async close(connection) {
      const status = await send({ method: 'DELETE', connection, frame: '', timeoutMs: TRY_MS })
      const outcome = judge(status)
      if (outcome !== 'sent' && outcome !== 'gone')
        throw new Error(`The gateway answered ${status} to the end of a connection`)
    },
  }
}

type Request = {
  readonly method: 'POST' | 'DELETE'
  readonly connection: string
  readonly frame: string
  readonly timeoutMs: number
}

/** Returns a function that sends a request about a connection and returns the status. It throws without one in time. */
function createSender(endpoint: string, signing: Signing) {
  const url = new URL(endpoint)
  const base = `${url.pathname.replace(/\/$/, '')}/@connections/`
  const headers = { 'content-type': 'application/octet-stream' }
  const request = signedRequester('execute-api', url)
  let last = payloadOf('') // one frame goes to many connections in a row
  return async ({ method, connection, frame, timeoutMs }: Request): Promise<number> => {
    if (last.content !== frame) last = payloadOf(frame)
    const unsigned = { method, path: base + encodeStrictly(connection), headers, payload: last, timeoutMs }
    const { status } = await request(unsigned, { ...signing, now: Date.now() })
    return status
  }
}

/** 410 and 400 (no such connection) are final, 413 and 403 cannot be mended by trying again; all else may pass. */
function judge(status: number): Outcome {
  if (status >= 200 && status < 300) return 'sent'
  if (status === 410 || status === 400) return 'gone'
  if (status === 429) return 'throttled'
  return status === 413 || status === 403 ? 'failed' : 'retry'
}
