import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { parseArgs } from 'node:util'
import { listenOnLoopback } from './listen-on-loopback.ts'
import { type PortName, readSettings, type Settings } from './settings.ts'

const HELP = `Starts the whole pipeline on this machine. Ctrl-C stops it.

  npm start                  everything, with the demo simulators
  npm start -- --no-demo     without the simulators
  npm start -- --fresh       deletes the local data first

HTTP_PORT, WS_PORT, LAMBDA_PORT, WEB_PORT, KAFKA_PORT, DYNAMODB_PORT and IDENTITY_PORT set the ports,
TIDEWIRE_DATA sets the data folder. KAFKA_BROKERS replaces the broker, DYNAMODB_ENDPOINT the DynamoDB emulator.
See docs/local-stack.md.
`

/** Ends the process with a message of one line. */
function quit(line: string): never {
  process.stderr.write(`${line}\n`)
  process.exit(1)
}

function readArguments() {
  try {
    const options = {
      'no-demo': { type: 'boolean' },
      fresh: { type: 'boolean' },
      help: { type: 'boolean' },
    } as const
    return parseArgs({ options }).values
  } catch (error) {
    return quit(`${(error as Error).message}\n\n${HELP}`)
  }
}

function settings() {
  try {
    return readSettings(process.env)
  } catch (error) {
    return quit((error as Error).message)
  }
}

const flags = readArguments()
if (flags.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const chosen = settings()
const { ports, dataDir, connectionSeconds } = chosen
const taken = await findTakenPort(chosen)
if (taken)
  quit(
    `Port ${ports[taken]} is in use. Stop what listens on it, or choose another: ${taken}=${ports[taken] + 100} npm start`,
  )
if (flags.fresh) await rm(dataDir, { recursive: true, force: true })

// The framework runs in this process, so there is one process to stop, and a kill leaves no other behind.
process.env.SLS_LOG_LEVEL ??= 'warning'
process.env.SLS_TELEMETRY_DISABLED = '1'
process.env.TIDEWIRE_DEMO = flags['no-demo'] ? 'off' : 'on'
process.env.TIDEWIRE_PLUGIN = './localstack/plugin.ts'
process.argv = [
  ...process.argv.slice(0, 2),
  'offline',
  'start',
  '--stage=local',
  `--httpPort=${ports.HTTP_PORT}`,
  `--websocketPort=${ports.WS_PORT}`,
  `--lambdaPort=${ports.LAMBDA_PORT}`,
  `--webSocketHardTimeout=${connectionSeconds}`,
]
await import('serverless/bin/serverless.js')

/** The first port of these settings that is in use, or null. */
async function findTakenPort({ ports, kafkaBrokers, dynamodbEndpoint }: Settings): Promise<PortName | null> {
  for (const [name, port] of Object.entries(ports) as [PortName, number][]) {
    if (name === 'KAFKA_PORT' && kafkaBrokers) continue
    if (name === 'DYNAMODB_PORT' && dynamodbEndpoint) continue
    if (await isTaken(port)) return name
  }
  return null
}

async function isTaken(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await listenOnLoopback(server, port)
  } catch {
    return true
  }
  await new Promise((resolve) => server.close(resolve))
  return false
}
