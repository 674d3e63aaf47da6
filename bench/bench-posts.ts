import {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { apiGateway } from '#shared/adapters/gateway/api-gateway.ts'
import { startCloud } from './cloud/start-cloud.ts'
import { type Call, compareCpu } from './measure/compare-cpu.ts'
import type { Row, Rows } from './measure/measure.ts'

const POSTS = 400
const FRAME = JSON.stringify({ type: 'events', ids: ['s1'], events: [{ data: { text: 'x'.repeat(600) } }] })
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'x'.repeat(600) }
const AWS = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  AWS_SESSION_TOKEN: CREDENTIALS.sessionToken,
}

/** CPU of a post to `@connections`, over TLS and over plain HTTP: the SDK's client, and the gateway adapter. */
export async function benchPosts(): Promise<Rows> {
  const cloud = await startCloud()
  process.env.AWS_REGION ??= 'eu-central-1'
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0' // the certificate is one of this run
  try {
    const rows: Row[] = []
    for (const [over, endpoint] of [['TLS', cloud.https] as const, ['HTTP', cloud.http] as const])
      if (endpoint !== undefined)
        for (const row of await compareCpu(waysTo(`${endpoint}/stage`), POSTS)) rows.push({ over, ...row })
    return rows
  } finally {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    await cloud.stop()
  }
}

function waysTo(endpoint: string): Record<string, Call> {
  const client = new ApiGatewayManagementApiClient({ endpoint, credentials: CREDENTIALS })
  const gateway = apiGateway({ endpoint, isLocal: false, aws: AWS })
  return {
    'the client of the SDK': (index) =>
      client.send(new PostToConnectionCommand({ ConnectionId: `c${index}=`, Data: FRAME }), {
        abortSignal: AbortSignal.timeout(2000),
      }),
    'the gateway adapter': (index) => gateway.post(`c${index}=`, FRAME, performance.now() + 5000),
  }
}
