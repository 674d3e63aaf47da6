import { setTimeout as sleep } from 'node:timers/promises'
import {
  ApiGatewayManagementApiClient,
  type ApiGatewayManagementApiClientConfig,
  DeleteConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { encodeStrictly, type SignOptions } from '#shared/adapters/aws/sign-request.ts'
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
  /** What the local stack knows its caller by. */
  readonly accessKeyId?: string | undefined
  /** Otherwise the SDK looks where it always does. It is called again before they expire. */
  readonly credentials?: NonNullable<ApiGatewayManagementApiClientConfig['credentials']>
  readonly clock?: Clock
  /** Called for each post that the gateway refuses with 429. */
  readonly onThrottle?: () => void
}

const REAL_CLOCK: Clock = { now: () => performance.now(), sleep, random: Math.random }

/**
 * The SocketGateway on API Gateway's management API at `endpoint`, or locally on the emulator's. All posts share a pace
 * (./pace.ts). A post is signed and sent without the SDK, whose client would be three quarters of its cost; the SDK
 * finds and renews the credentials, finds the region, and closes connections.
 */
export function apiGateway({
  endpoint,
  isLocal,
  accessKeyId = 'local',
  credentials: given,
  clock = REAL_CLOCK,
  onThrottle,
}: Options): SocketGateway {
  const client = new ApiGatewayManagementApiClient({
    endpoint,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 1000, requestTimeout: TRY_MS, throwOnRequestTimeout: true },
    ...(isLocal && { region: 'local', credentials: { accessKeyId, secretAccessKey: 'local' } }),
    ...(given && { credentials: given }),
  })
  const { credentials, region } = client.config
  const send = createSender(endpoint, async () => ({
    credentials: await credentials(),
    region: await region(),
  }))

  const tryOnce = async (connection: string, frame: string, deadline: number): Promise<Outcome> => {
    const timeoutMs = Math.max(1, Math.min(TRY_MS, deadline - clock.now()))
    return judge(await send(connection, frame, timeoutMs).catch(() => 0))
  }

  return {
    post: postAtPace(tryOnce, clock, onThrottle),

    async close(connection) {
      await client.send(new DeleteConnectionCommand({ ConnectionId: connection })).catch((error: unknown) => {
        const { $metadata } = error as { $metadata?: { httpStatusCode?: number } }
        if (judge($metadata?.httpStatusCode ?? 0) !== 'gone') throw error
      })
    },
  }
}

type Signing = Omit<SignOptions, 'now'>

/** Returns a function that posts a frame once and returns the status. It throws if there is no response in time. */
function createSender(endpoint: string, signing: () => Promise<Signing>) {
  const url = new URL(endpoint)
  const base = `${url.pathname.replace(/\/$/, '')}/@connections/`
  const headers = { 'content-type': 'application/octet-stream' }
  const request = signedRequester('execute-api', url)
  let last = payloadOf('') // one frame goes to many connections in a row
  return async (connection: string, frame: string, timeoutMs: number): Promise<number> => {
    if (last.text !== frame) last = payloadOf(frame)
    const unsigned = { path: base + encodeStrictly(connection), headers, payload: last, timeoutMs }
    const { credentials, region } = await signing()
    const { status } = await request(unsigned, { credentials, region, now: Date.now() })
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
