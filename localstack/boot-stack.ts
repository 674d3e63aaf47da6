import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { startBrokerWorker } from './broker/start-broker-worker.ts'
import { createTopics, readTopics } from './create-topics.ts'
import { createTables } from './dynamodb/create-tables.ts'
import { startDynamodbWorker } from './dynamodb/start-dynamodb-worker.ts'
import { guardSockets } from './gateway/guard-sockets.ts'
import { startIdentityWorker } from './identity/start-identity-worker.ts'
import { CLIENT_ID, PASSWORD, ROLES, USER_POOL_ID } from './identity/user-pool.ts'
import { startMskTrigger } from './msk-trigger/start-msk-trigger.ts'
import type { Service } from './service.ts'
import type { Settings } from './settings.ts'
import { startDemo } from './start-demo.ts'
import { startWeb } from './start-web.ts'

/** A running part of the stack. */
type Part = { readonly name: string; readonly endpoint: string; stop(): Promise<void> }
export type Stack = { announce(): Promise<void>; stop(): Promise<void> }

/** The one credential of the local stack (CONTRACT.md): `local-dev-key`, known to the functions by its hash only. */
const LOCAL_KEY = 'local-dev-key'
const EMAILS = ROLES.map((role) => `${role}@tidewire.local`)
/** A developer does not wait for a batch to fill; what arrives during an invocation still makes one batch. */
const WINDOW_MS = 0

/**
 * Boots the local stack around the gateway, in this order, and stops it in reverse. The gateway and the functions
 * themselves are serverless-offline's.
 */
export async function bootStack(service: Service, settings: Settings): Promise<Stack> {
  const { ports, dataDir } = settings
  const parts: Part[] = []
  const begin = performance.now()
  const start = async (name: string, booting: Promise<Omit<Part, 'name'>>) => {
    const part = { name, ...(await booting) }
    parts.push(part)
    return part.endpoint
  }
  const external = async (endpoint: string) => ({ endpoint, stop: async () => {} })

  const brokers = settings.kafkaBrokers?.join(',')
  const kafka = await start(
    'Kafka',
    brokers
      ? external(brokers)
      : startBrokerWorker({ port: ports.KAFKA_PORT, dataDir: join(dataDir, 'kafka') }),
  )
  await createTopics(readTopics(service), kafka.split(','))
  const dynamodb = await start(
    'DynamoDB',
    settings.dynamodbEndpoint
      ? external(settings.dynamodbEndpoint)
      : startDynamodbWorker({ port: ports.DYNAMODB_PORT, dataDir: join(dataDir, 'dynamodb') }),
  )
  await createTables(service, dynamodb)
  const identity = await start(
    'Identity',
    startIdentityWorker({ port: ports.IDENTITY_PORT, dataDir: join(dataDir, 'identity'), log }),
  )
  service.provider.environment = {
    ...service.provider.environment,
    KAFKA_BROKERS: kafka,
    DYNAMODB_ENDPOINT: dynamodb,
    GATEWAY_ENDPOINT: settings.gatewayEndpoint ?? `http://127.0.0.1:${ports.WS_PORT}`,
    LAMBDA_ENDPOINT: `http://127.0.0.1:${ports.LAMBDA_PORT}`,
    TOKEN_ISSUER: `${identity}/${USER_POOL_ID}`,
    USER_POOL_CLIENT_ID: CLIENT_ID,
    WEBHOOK_LOCAL_SECRETS: '1',
    // One function instance does the work of many here.
    RATE_LIMIT_PER_SECOND: process.env.RATE_LIMIT_PER_SECOND ?? '10000',
    API_KEYS: `local:admin:${createHash('sha256').update(LOCAL_KEY).digest('hex')}`,
  }
  guardSockets()
  const lambda = `http://127.0.0.1:${ports.LAMBDA_PORT}`
  const trigger = startMskTrigger({
    service,
    brokers: kafka.split(','),
    lambdaEndpoint: lambda,
    windowMs: WINDOW_MS,
    log,
  })
  parts.push({ name: 'MSK trigger', endpoint: lambda, ...trigger })
  const http = `http://localhost:${ports.HTTP_PORT}`
  const socket = `ws://localhost:${ports.WS_PORT}`
  const web = await start(
    'Web page',
    startWeb({
      port: ports.WEB_PORT,
      config: { httpUrl: http, socketUrl: socket, ...signingIn(identity) },
      origins: [http, socket, identity],
    }),
  )

  return {
    async announce() {
      await waitUntilHealthy(http)
      if (settings.hasDemo) await start('Demo', startDemo({ httpUrl: http, apiKey: LOCAL_KEY, log }))
      const seconds = ((performance.now() - begin) / 1000).toFixed(1)
      const rows = [
        ['Web page', web],
        ['HTTP API', http],
        ['WebSocket', `${socket}/?key=${LOCAL_KEY}`],
        ['Kafka', kafka],
        ['DynamoDB', dynamodb],
        ['Identity', identity],
        ['API key', `${LOCAL_KEY} (header x-api-key)`],
        ['Users', EMAILS.join(', ')],
        ['Password', `${PASSWORD} (of each user)`],
        ['Demo', settings.hasDemo ? 'every domain is simulated (npm start -- --no-demo: none)' : 'off'],
      ]
      const table = rows.map(([name = '', value = '']) => `  ${name.padEnd(10)} ${value}`).join('\n')
      process.stdout.write(`\nTidewire is up (${seconds} s). Ctrl-C stops it.\n\n${table}\n\n`)
    },
    async stop() {
      for (const part of parts.reverse()) await part.stop()
    },
  }
}

/** How people sign in to the web app. The emulator speaks no SRP, which is what the cloud takes. */
function signingIn(endpoint: string) {
  const identity = { userPoolId: USER_POOL_ID, clientId: CLIENT_ID, endpoint, authFlow: 'USER_PASSWORD_AUTH' }
  return { identity, demoUsers: { emails: EMAILS, password: PASSWORD } }
}

function log(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** serverless-offline answers 200 with `errorMessage` for a function that cannot be loaded: only the body tells. */
async function waitUntilHealthy(http: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${http}/health`)
    const health = (await response.json()) as { status?: string; errorMessage?: string }
    if (health.status === 'ok') return
    if (health.errorMessage) throw new Error(`The function "health" cannot run: ${health.errorMessage}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
