import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { startBrokerWorker } from './broker/start-broker-worker.ts'
import { createTopics, readTopics } from './create-topics.ts'
import { createTables } from './dynamodb/create-tables.ts'
import { startDynamodbWorker } from './dynamodb/start-dynamodb-worker.ts'
import { type Identity, startIdentityWorker } from './identity/start-identity-worker.ts'
import { startMskTrigger } from './msk-trigger/start-msk-trigger.ts'
import { guardSockets } from './patch-serverless-offline.ts'
import { releaseMemory } from './release-memory.ts'
import type { Service } from './service.ts'
import type { Settings } from './settings.ts'
import { startDemo } from './start-demo.ts'
import type { Running } from './start-worker.ts'
import { startWeb } from './web/start-web.ts'

export type Stack = {
  /** Waits until the functions are healthy, starts the demo and prints the table of addresses. */
  announce(): Promise<void>
  stop(): Promise<void>
}

type Start = <P extends Running>(booting: Promise<P>) => Promise<P>
type Backends = { readonly kafka: Running; readonly dynamodb: Running; readonly identity: Identity }

/** The only API key of the local stack. The functions know only its hash. */
const LOCAL_KEY = 'local-dev-key'
/** A developer does not wait until a batch is full. What arrives during an invocation is still one batch. */
const WINDOW_MS = 0

/**
 * Boots the parts of the local stack beside the gateway, one after the other, and stops them in reverse. The gateway
 * and the functions are serverless-offline's. Rejects if a part cannot start.
 */
export async function bootStack(service: Service, settings: Settings): Promise<Stack> {
  const begin = performance.now()
  const urls = urlsOf(settings)
  const parts: Pick<Running, 'stop'>[] = []
  const start: Start = async (booting) => {
    const part = await booting
    parts.push(part)
    return part
  }

  const backends = await startBackends(service, settings, start)
  const { kafka, identity } = backends
  service.provider.environment = {
    ...service.provider.environment,
    ...environmentOf(settings, backends),
  }
  guardSockets()
  const brokers = kafka.endpoint.split(',')
  const trigger = { service, brokers, lambdaEndpoint: urls.lambda, windowMs: WINDOW_MS, log }
  parts.push(startMskTrigger(trigger))
  const web = await start(
    startWeb({
      port: settings.ports.WEB_PORT,
      config: { httpUrl: urls.http, socketUrl: urls.socket, ...signInOf(identity) },
      origins: [urls.http, urls.socket, identity.endpoint],
    }),
  )

  return {
    async announce() {
      await waitUntilHealthy(urls.http)
      releaseMemory()
      if (settings.hasDemo) await start(startDemo({ httpUrl: urls.http, apiKey: LOCAL_KEY, log }))
      const seconds = ((performance.now() - begin) / 1000).toFixed(1)
      const table = tableOf(settings, backends, web)
      process.stdout.write(`\nTidewire is up (${seconds} s). Ctrl-C stops it.\n\n${table}\n\n`)
    },
    async stop() {
      for (const part of parts.reverse()) await part.stop()
    },
  }
}

/** Starts Kafka, DynamoDB and the identity provider, and creates the topics and tables that are missing. */
async function startBackends(service: Service, settings: Settings, start: Start): Promise<Backends> {
  const { ports, dataDir, kafkaBrokers, dynamodbEndpoint } = settings
  const kafka = await start(
    kafkaBrokers
      ? external(kafkaBrokers.join(','))
      : startBrokerWorker({ port: ports.KAFKA_PORT, dataDir: join(dataDir, 'kafka') }),
  )
  await createTopics(readTopics(service), kafka.endpoint.split(','))
  const dynamodb = await start(
    dynamodbEndpoint
      ? external(dynamodbEndpoint)
      : startDynamodbWorker({ port: ports.DYNAMODB_PORT, dataDir: join(dataDir, 'dynamodb') }),
  )
  await createTables(service, dynamodb.endpoint)
  const identity = await start(
    startIdentityWorker(service, { port: ports.IDENTITY_PORT, dataDir: join(dataDir, 'identity'), log }),
  )
  return { kafka, dynamodb, identity }
}

async function external(endpoint: string): Promise<Running> {
  return { endpoint, stop: async () => {} }
}

function urlsOf({ ports }: Settings) {
  return {
    http: `http://localhost:${ports.HTTP_PORT}`,
    socket: `ws://localhost:${ports.WS_PORT}`,
    lambda: `http://127.0.0.1:${ports.LAMBDA_PORT}`,
  }
}

/** The environment variables of the functions that differ from the cloud. */
function environmentOf(settings: Settings, { kafka, dynamodb, identity }: Backends): Record<string, string> {
  return {
    LOCAL: '1',
    KAFKA_BROKERS: kafka.endpoint,
    DYNAMODB_ENDPOINT: dynamodb.endpoint,
    GATEWAY_ENDPOINT: settings.gatewayEndpoint ?? `http://127.0.0.1:${settings.ports.WS_PORT}`,
    LAMBDA_ENDPOINT: urlsOf(settings).lambda,
    TOKEN_ISSUER: identity.issuer,
    USER_POOL_CLIENT_ID: identity.clientId,
    WEBHOOK_LOCAL_SECRETS: '1',
    // The cloud has many instances of a function, each with its own limit. Here there is one.
    RATE_LIMIT_PER_SECOND: process.env.RATE_LIMIT_PER_SECOND ?? '10000',
    API_KEYS: `local:admin:${createHash('sha256').update(LOCAL_KEY).digest('hex')}`,
  }
}

/** The web app's settings for signing in. The emulator has no SRP, which the app uses in the cloud. */
function signInOf({ userPoolId, clientId, endpoint, users }: Identity) {
  return {
    identity: { userPoolId, clientId, endpoint, authFlow: 'USER_PASSWORD_AUTH' },
    demoUsers: users,
  }
}

function tableOf(settings: Settings, { kafka, dynamodb, identity }: Backends, web: Running): string {
  const { http, socket } = urlsOf(settings)
  const rows = [
    ['Web page', web.endpoint],
    ['HTTP API', http],
    ['WebSocket', `${socket}/?key=${LOCAL_KEY}`],
    ['Kafka', kafka.endpoint],
    ['DynamoDB', dynamodb.endpoint],
    ['Identity', identity.endpoint],
    ['API key', `${LOCAL_KEY} (header x-api-key)`],
    ['Users', identity.users.emails.join(', ')],
    ['Password', `${identity.users.password} (of each user)`],
    ['Demo', settings.hasDemo ? 'every domain is simulated (npm start -- --no-demo: none)' : 'off'],
  ]
  return rows.map(([name = '', value = '']) => `  ${name.padEnd(10)} ${value}`).join('\n')
}

function log(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** The response of serverless-offline for a function that cannot be loaded is a 200 with `errorMessage` in its body. */
async function waitUntilHealthy(http: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${http}/health`)
    const health = (await response.json()) as { status?: string; errorMessage?: string }
    if (health.status === 'ok') return
    if (health.errorMessage) throw new Error(`The function "health" cannot run: ${health.errorMessage}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
