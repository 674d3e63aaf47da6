import { resolve } from 'node:path'
import { readOrigins } from '../infra/parameters/read-origins.ts'

/** Ports, folders and endpoints of one local stack (docs/local-stack.md). */
export type Settings = {
  readonly ports: Readonly<Record<PortName, number>>
  readonly dataDir: string
  /** Use this cluster instead of starting a broker. */
  readonly kafkaBrokers: readonly string[] | null
  /** Use this DynamoDB instead of starting an emulator. */
  readonly dynamodbEndpoint: string | null
  /** Post frames to this URL instead of the local gateway, for example to a proxy. */
  readonly gatewayEndpoint: string | null
  /** Seconds until the gateway ends a connection: API Gateway's 2 h, or less to see how clients reconnect. */
  readonly connectionSeconds: number
  /** The maximum time limit of the functions behind the gateway: less than theirs shows what clients do about it. */
  readonly functionSeconds: number
  /** The longest period of the schedules of functions, in seconds: less than theirs shows sooner what they do. */
  readonly scheduleSeconds: number
  /** Names that the stack is called by besides those of loopback, such as a tunnel's. */
  readonly allowedHosts: readonly string[]
  /** The origins of the web pages that may use the stack besides its own page. */
  readonly allowedOrigins: readonly string[]
  /** The file in which the calls of functions are recorded, or null. */
  readonly accessRecord: string | null
  /** Whether simulators write events when the stack is up. */
  readonly hasDemo: boolean
}

const CONNECTION_SECONDS = 7200
/** No function behind the gateway has a longer time limit. */
const FUNCTION_SECONDS = 30

/** No schedule has a longer period. */
const SCHEDULE_SECONDS = 86_400

/** What the framework and the functions are told by the same names (serverless.yml), checked before they read it. */
const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR']
const MOST_SHARDS = 16

const BROKER = /^(?:\[[\da-f:]+\]|[^\s:/]+):(\d{1,5})$/i

const PORTS = {
  HTTP_PORT: 3000,
  WS_PORT: 3001,
  LAMBDA_PORT: 3002,
  WEB_PORT: 5173,
  KAFKA_PORT: 9092,
  DYNAMODB_PORT: 8000,
  IDENTITY_PORT: 9229,
} as const
export type PortName = keyof typeof PORTS

/** Reads the settings from the environment and the flags. Throws an error that lists every bad variable. */
export function readSettings(
  env: Readonly<Record<string, string | undefined>>,
  { hasDemo }: Pick<Settings, 'hasDemo'>,
): Settings {
  const problems: string[] = []
  const ports = { ...PORTS } as Record<PortName, number>
  for (const name of Object.keys(PORTS) as PortName[]) {
    const port = Number(env[name] ?? PORTS[name])
    if (Number.isInteger(port) && port > 0 && port < 65_536) ports[name] = port
    else problems.push(`${name}=${env[name]} is not a port number`)
  }
  const whole = (name: string, most: number, usual = most) => {
    const value = Number(env[name] ?? usual)
    if (!Number.isInteger(value) || value < 1 || value > most)
      problems.push(`${name}=${env[name]} is not a whole number from 1 to ${most}`)
    return value
  }
  const connectionSeconds = whole('CONNECTION_SECONDS', CONNECTION_SECONDS)
  const functionSeconds = whole('FUNCTION_SECONDS', FUNCTION_SECONDS)
  const scheduleSeconds = whole('SCHEDULE_SECONDS', SCHEDULE_SECONDS)
  whole('SHARDS', MOST_SHARDS, 1)
  if (!LOG_LEVELS.includes(env.LOG_LEVEL ?? 'INFO'))
    problems.push(`LOG_LEVEL=${env.LOG_LEVEL} is not one of ${LOG_LEVELS.join(', ')}`)
  for (const name of ['DYNAMODB_ENDPOINT', 'GATEWAY_ENDPOINT', 'PUBLIC_URL'])
    if (env[name] && !isWebAddress(env[name]))
      problems.push(`${name}=${env[name]} is not a URL such as http://127.0.0.1:8001`)
  const brokers = (env.KAFKA_BROKERS ?? '').split(',').map((broker) => broker.trim())
  if (env.KAFKA_BROKERS && !brokers.every(isBroker))
    problems.push(`KAFKA_BROKERS=${env.KAFKA_BROKERS} is not a list such as 127.0.0.1:9092,127.0.0.1:9093`)
  const used = Object.entries(ports)
  for (const [name, port] of used) {
    const other = used.find(([otherName, otherPort]) => otherName < name && otherPort === port)
    if (other) problems.push(`${name} and ${other[0]} are both ${port}`)
  }
  const origins = () => {
    try {
      return readOrigins(env.ALLOWED_ORIGINS ?? '')
    } catch (error) {
      problems.push((error as Error).message)
      return []
    }
  }
  const allowedOrigins = origins()
  const allowedHosts = readHosts(env)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return {
    ports,
    dataDir: resolve(env.TIDEWIRE_DATA ?? '.tidewire'),
    kafkaBrokers: env.KAFKA_BROKERS ? brokers : null,
    dynamodbEndpoint: env.DYNAMODB_ENDPOINT || null,
    gatewayEndpoint: env.GATEWAY_ENDPOINT || null,
    connectionSeconds,
    functionSeconds,
    scheduleSeconds,
    allowedHosts,
    allowedOrigins,
    accessRecord: env.ACCESS_RECORD ? resolve(env.ACCESS_RECORD) : null,
    hasDemo,
  }
}

/** The host of `PUBLIC_URL` is one as well: senders of webhooks call it. */
function readHosts({ ALLOWED_HOSTS = '', PUBLIC_URL = '' }: Readonly<Record<string, string | undefined>>) {
  const listed = ALLOWED_HOSTS.split(',').map((host) => host.trim().toLowerCase())
  const known = URL.canParse(PUBLIC_URL) ? [new URL(PUBLIC_URL).hostname] : []
  return [...listed.filter((host) => host !== ''), ...known]
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

function isBroker(text: string): boolean {
  const port = Number(BROKER.exec(text)?.[1])
  return port > 0 && port < 65_536
}
