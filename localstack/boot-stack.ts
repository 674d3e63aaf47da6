import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAccessCheck } from './access/access-check.ts'
import { type Access, readAccess } from './access/read-access.ts'
import { startBrokerWorker } from './broker/start-broker-worker.ts'
import { createTopics, readTopics } from './create-topics.ts'
import { createTables } from './dynamodb/create-tables.ts'
import { LOCAL_KEYS, seedKeys } from './dynamodb/seed-keys.ts'
import { type Dynamodb, startDynamodbWorker } from './dynamodb/start-dynamodb-worker.ts'
import { startGateway } from './gateway/start-gateway.ts'
import { type Identity, startIdentityWorker } from './identity/start-identity-worker.ts'
import { readFunctions } from './lambda/read-functions.ts'
import { readSchedules, runSchedules } from './lambda/run-schedules.ts'
import { startFunctionHost } from './lambda/start-function-host.ts'
import { readSignedSince } from './read-signed-since.ts'
import { resolveService } from './resolve-service.ts'
import type { Service } from './service.ts'
import { setRetention } from './set-retention.ts'
import type { Settings } from './settings.ts'
import { startDemo } from './start-demo.ts'
import type { Running } from './start-worker.ts'
import { readKafkaFigures } from './telemetry/read-kafka-figures.ts'
import { startTraceDaemon } from './telemetry/start-trace-daemon.ts'
import { loopbackOrigins, type Trust } from './trusted-requests.ts'
import { watchSleep } from './watch-sleep.ts'
import { startWeb } from './web/start-web.ts'

export type Stack = { stop(): Promise<void> }

type Start = <P extends Pick<Running, 'stop'>>(booting: Promise<P>) => Promise<P>
/** Returns what tells of the end of a part. */
type Dies = (part: string) => (reason: string) => void
type Backends = { readonly kafka: Running; readonly dynamodb: Running; readonly identity: Identity }

const STAGE = 'local'
/** The folder of `serverless.yml`. */
const FOLDER = fileURLToPath(new URL('..', import.meta.url))
/** What the functions sign their records with. Who reaches the local broker knows the keys of the stack as well. */
const LOCAL_RECORD_SECRET = 'local-record-secret'
/** One developer is all principals, and loads data sets: more events and sockets than the defaults. */
const LOCAL_RATES = 'read=1000,search=200,write=2000,tickets=200,account=100,messages=2000'
/** API Gateway's limit of a connection without messages. */
const IDLE_SECONDS = 600

/**
 * Boots the local stack, waits until the functions are healthy, starts the demo and prints the table of addresses.
 * `stop` stops the parts in reverse. Rejects if a part cannot start; the others are stopped then. `onDeath` is called
 * with a line if a part ends by itself later: the others are of no use without it.
 */
export async function bootStack(settings: Settings, onDeath: (line: string) => void): Promise<Stack> {
  const begin = performance.now()
  const parts: Pick<Running, 'stop'>[] = []
  const start: Start = async (booting) => {
    const part = await booting
    parts.push(part)
    return part
  }
  const stop = async () => {
    for (const part of parts.reverse()) await part.stop()
  }
  try {
    const { backends, web } = await startParts(
      settings,
      start,
      (part) => (reason) => onDeath(`${part} ended: ${reason}`),
    )
    await waitUntilHealthy(urlsOf(settings).http)
    parts.push(watchSleep(log))
    if (settings.hasDemo)
      await start(startDemo({ httpUrl: urlsOf(settings).http, apiKey: LOCAL_KEYS.simulator, log }))
    const seconds = ((performance.now() - begin) / 1000).toFixed(1)
    const table = tableOf(settings, backends, web)
    process.stdout.write(`\nTidewire is up (${seconds} s). Ctrl-C stops it.\n\n${table}\n\n`)
    return { stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startParts(settings: Settings, start: Start, dies: Dies) {
  const { ports } = settings
  const urls = urlsOf(settings)
  const signedSince = await readSignedSince(settings.dataDir)
  const { service, access, backends } = await startBackends(settings, start, dies)
  const { kafka, identity } = backends
  const startingWeb = startWeb({
    port: ports.WEB_PORT,
    config: { httpUrl: urls.http, socketUrl: urls.socket, ...signInOf(identity) },
    origins: [urls.http, urls.socket, identity.endpoint],
    allowedHosts: settings.allowedHosts,
  })
  // If one of the two fails first, the other must not become an unhandled rejection.
  startingWeb.catch(() => {})
  const daemon = await start(startTraceDaemon())
  const functions = readFunctions(
    service,
    { ...environmentOf(settings, backends, signedSince), AWS_XRAY_DAEMON_ADDRESS: daemon.endpoint },
    log,
    settings.functionSeconds,
  )
  const host = await start(
    startFunctionHost({
      functions: [...functions.values()],
      folder: FOLDER,
      trigger: { service, brokers: kafka.endpoint.split(',') },
      log,
      onDeath: dies('The thread of the functions'),
    }),
  )
  // The page listens before the gateway does, because a stack whose /health returns 200 is ready as a whole.
  const web = await start(startingWeb)
  await start(
    startGateway({
      service,
      functions,
      host,
      ports: { http: ports.HTTP_PORT, socket: ports.WS_PORT, lambda: ports.LAMBDA_PORT },
      idleSeconds: IDLE_SECONDS,
      connectionSeconds: settings.connectionSeconds,
      trust: trustOf(settings),
      check: createAccessCheck(access, log),
      telemetry: {
        traces: daemon.traces,
        functionMetrics: host.readMetrics,
        kafkaFigures: () => readKafkaFigures(service, kafka.endpoint.split(',')),
        queue: host.queue,
      },
    }),
  )
  await start(host.startTrigger())
  // As a deployment does, so that the first token is already known, and who can be assigned to.
  const copying = [functions.get('signing-keys'), functions.get('people')].filter((one) => one !== undefined)
  await Promise.all(copying.map(({ name }) => host.invoke(name, JSON.stringify({ source: 'aws.events' }))))
  const schedules = {
    schedules: readSchedules(service, log),
    names: functions,
    host,
    longestMs: settings.scheduleSeconds * 1000,
  }
  await start(Promise.resolve(runSchedules(schedules)))
  return { backends, web }
}

/**
 * Starts Kafka, DynamoDB and the identity provider, and creates the topics and tables that are missing. Kafka and
 * DynamoDB start while the framework resolves the service.
 */
async function startBackends(
  settings: Settings,
  start: Start,
  dies: Dies,
): Promise<{ service: Service; access: Access; backends: Backends }> {
  const { ports, dataDir, kafkaBrokers, dynamodbEndpoint, allowedHosts } = settings
  const resolving = resolveService(STAGE)
  // If one of the two fails first, the other must not become an unhandled rejection.
  resolving.catch(() => {})
  const kafka = await start(
    kafkaBrokers
      ? external(kafkaBrokers.join(','))
      : startBrokerWorker({
          port: ports.KAFKA_PORT,
          dataDir: join(dataDir, 'kafka'),
          log,
          onDeath: dies('Kafka'),
        }),
  )
  const dynamodb = await start(
    dynamodbEndpoint
      ? externalTables(dynamodbEndpoint)
      : startDynamodbWorker({
          port: ports.DYNAMODB_PORT,
          dataDir: join(dataDir, 'dynamodb'),
          allowedHosts,
          log,
          onDeath: dies('DynamoDB'),
        }),
  )
  const service = await resolving
  const access = readAccess(service, settings.accessRecord)
  await dynamodb.enforce(access)
  const brokers = kafka.endpoint.split(',')
  await createTopics(readTopics(service), brokers)
  const retentionMs = service.custom?.topics?.retentionMs ?? {}
  await setRetention({ brokers, retentionMs, mayShorten: kafkaBrokers === null, log })
  await createTables(service, dynamodb.endpoint)
  await seedKeys(service, dynamodb.endpoint)
  const identity = await start(
    startIdentityWorker(service, {
      port: ports.IDENTITY_PORT,
      dataDir: join(dataDir, 'identity'),
      trust: trustOf(settings),
      lambdaUrl: urlsOf(settings).lambda,
      access,
      log,
    }),
  )
  return { service, access, backends: { kafka, dynamodb, identity } }
}

/** The pages that may use the API, its sockets and the identity provider: the stack's own, and those of ALLOWED_ORIGINS. */
function trustOf({ ports, allowedHosts, allowedOrigins }: Settings): Trust {
  return { hosts: allowedHosts, origins: [...loopbackOrigins(ports.WEB_PORT), ...allowedOrigins] }
}

async function external(endpoint: string): Promise<Running> {
  return { endpoint, stop: async () => {} }
}

/** Another DynamoDB has policies of its own. */
async function externalTables(endpoint: string): Promise<Dynamodb> {
  return { ...(await external(endpoint)), enforce: async () => {} }
}

function urlsOf({ ports }: Settings) {
  return {
    http: `http://localhost:${ports.HTTP_PORT}`,
    socket: `ws://localhost:${ports.WS_PORT}`,
    web: `http://localhost:${ports.WEB_PORT}`,
    lambda: `http://127.0.0.1:${ports.LAMBDA_PORT}`,
  }
}

/** The environment variables of the functions that differ from the cloud. */
function environmentOf(
  settings: Settings,
  { kafka, dynamodb, identity }: Backends,
  signedSince: string,
): Record<string, string> {
  return {
    LOCAL: '1',
    KAFKA_BROKERS: kafka.endpoint,
    DYNAMODB_ENDPOINT: dynamodb.endpoint,
    GATEWAY_ENDPOINT: settings.gatewayEndpoint ?? `http://127.0.0.1:${settings.ports.WS_PORT}`,
    SOCKET_URL: urlsOf(settings).socket,
    WEB_URL: urlsOf(settings).web,
    ...(settings.hasDemo && { DEMO: '1' }),
    LAMBDA_ENDPOINT: urlsOf(settings).lambda,
    TOKEN_ISSUER: identity.issuer,
    USER_POOL_CLIENT_ID: identity.clientId,
    USER_POOL_ID: identity.userPoolId,
    IDENTITY_ENDPOINT: identity.endpoint,
    WEBHOOK_LOCAL_SECRETS: '1',
    RATE_LIMITS: process.env.RATE_LIMITS ?? LOCAL_RATES,
    RECORD_SECRET: process.env.RECORD_SECRET || LOCAL_RECORD_SECRET,
    RECORD_SECRET_2: process.env.RECORD_SECRET_2 ?? '',
    RECORDS_SIGNED_SINCE: signedSince,
  }
}

/** The web app's settings for signing in. The emulator has no SRP, which the app uses in the cloud. */
function signInOf({ userPoolId, clientId, endpoint, users }: Identity) {
  return {
    identity: { userPoolId, clientId, endpoint, authFlow: 'USER_PASSWORD_AUTH', mfa: 'optional' },
    demoUsers: users,
  }
}

function tableOf(settings: Settings, { kafka, dynamodb, identity }: Backends, web: Running): string {
  const { http, socket } = urlsOf(settings)
  const rows = [
    ['Web page', web.endpoint],
    ['HTTP API', http],
    ['WebSocket', `${socket}/?key=${LOCAL_KEYS.admin}`],
    ['Kafka', kafka.endpoint],
    ['DynamoDB', dynamodb.endpoint],
    ['Identity', identity.endpoint],
    ['Metrics', `${http}/metrics (Prometheus); traces: /traces`],
    ['API key', `${LOCAL_KEYS.admin} (admin; header x-api-key)`],
    ['Other keys', `${LOCAL_KEYS.operator}, ${LOCAL_KEYS.publisher}, ${LOCAL_KEYS.viewer}`],
    ['Users', identity.users.emails.join(', ')],
    ['Password', `${identity.users.password} (of each user)`],
    ['Demo', settings.hasDemo ? 'every domain is simulated (npm start -- --no-demo: none)' : 'off'],
  ]
  return rows.map(([name = '', value = '']) => `  ${name.padEnd(10)} ${value}`).join('\n')
}

function log(line: string): void {
  process.stderr.write(`${line}\n`)
}

async function waitUntilHealthy(http: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${http}/health`)
    const { status } = (await response.json()) as { status?: unknown }
    if (status === 'ok') return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
