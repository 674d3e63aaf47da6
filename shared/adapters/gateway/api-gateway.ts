import { setTimeout as sleep } from 'node:timers/promises'
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import type { PostResult, SocketGateway } from '#shared/pipeline/ports.ts'

/** A post is tried this often; a client whose buffer is full (429) must not hold up the others for long. */
const ATTEMPTS = 3
/** No single try takes longer than this, in milliseconds. */
const TRY_MS = 2000
const FIRST_PAUSE_MS = 50

type Outcome = PostResult | 'retry'

/** The SocketGateway on API Gateway's management API at `endpoint`, or locally on the emulator's. */
export function apiGateway({ endpoint, isLocal }: { endpoint: string; isLocal: boolean }): SocketGateway {
  const client = new ApiGatewayManagementApiClient({
    endpoint,
    maxAttempts: 1, // the retries below know the deadline
    ...(isLocal && { region: 'local', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
  })

  const tryOnce = async (connection: string, frame: string, deadline: number): Promise<Outcome> => {
    const command = new PostToConnectionCommand({ ConnectionId: connection, Data: frame })
    const abortSignal = AbortSignal.timeout(Math.max(1, Math.min(TRY_MS, deadline - Date.now())))
    try {
      await client.send(command, { abortSignal })
      return 'sent'
    } catch (error) {
      return judge(error)
    }
  }

  return {
    async post(connection, frame, deadline) {
      for (let attempt = 1; attempt <= ATTEMPTS && Date.now() < deadline; attempt++) {
        const outcome = await tryOnce(connection, frame, deadline)
        if (outcome !== 'retry') return outcome
        const pause = Math.random() * FIRST_PAUSE_MS * 2 ** attempt
        if (attempt < ATTEMPTS && Date.now() + pause < deadline) await sleep(pause)
      }
      return 'failed'
    },

    async close(connection) {
      await client.send(new DeleteConnectionCommand({ ConnectionId: connection })).catch((error: unknown) => {
        if (judge(error) !== 'gone') throw error
      })
    },
  }
}

/** 410 and 400 (no such connection) are final, 413 and 403 cannot be mended by trying again; all else may pass. */
function judge(error: unknown): Outcome {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
  if (status === 410 || status === 400) return 'gone'
  return status === 413 || status === 403 ? 'failed' : 'retry'
}
