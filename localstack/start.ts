import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bootStack, type Stack } from './boot-stack.ts'
import { listenOnLoopback } from './listen-on-loopback.ts'
import { type PortName, readSettings, type Settings } from './settings.ts'

const HELP = `Starts the whole pipeline on this machine. Ctrl-C stops it.

  npm start                  everything, with the demo simulators
  npm start -- --no-demo     without the simulators
  npm start -- --fresh       deletes the local data first

HTTP_PORT, WS_PORT, LAMBDA_PORT, WEB_PORT, KAFKA_PORT, DYNAMODB_PORT and IDENTITY_PORT set the ports,
TIDEWIRE_DATA sets the data folder. RETENTION sets how long events are kept, such as 7d or 1d,market-ticks=1h.
ALLOWED_HOSTS and ALLOWED_ORIGINS let in other names, such as a tunnel's, and pages of other origins.
KAFKA_BROKERS replaces the broker, DYNAMODB_ENDPOINT the DynamoDB emulator.
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

/** The framework would refuse it too, but after Kafka and the tables were started. */
async function refuseRetention(text: string | undefined): Promise<void> {
  if (text === undefined) return
  const { readRetention } = await import('../infra/read-retention.ts')
  await readRetention(text).catch((error: Error) => quit(error.message))
}

function settings(hasDemo: boolean): Settings {
  try {
    return readSettings(process.env, { hasDemo })
  } catch (error) {
    return quit((error as Error).message)
  }
}

const flags = readArguments()
if (flags.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const chosen = settings(!flags['no-demo'])
const { ports, dataDir } = chosen
const taken = await findTakenPort(chosen)
if (taken)
  quit(
    `Port ${ports[taken]} is in use. Stop what listens on it, or choose another: ${taken}=${ports[taken] + 100} npm start`,
  )
await refuseRetention(process.env.RETENTION)
if (flags.fresh) await rm(dataDir, { recursive: true, force: true })

// A third of the time of a start is compiling: the framework's process and the functions' thread keep what they compiled.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/tidewire', import.meta.url))
const endsWith = (line: string) => quit(`${line}\nThe stack ends. What it accepted is kept: start it again.`)
const booting = bootStack(chosen, endsWith).catch((error: unknown) => quit(explain(error)))
stopOnSignal(booting)

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isDamage = 'code' in error && error.code === 'DATA_DAMAGED'
  return isDamage ? `${error.message} "npm start -- --fresh" deletes all local data.` : error.message
}

/** Stops the stack with the first signal, as soon as it has started, and ends at once with the second. */
function stopOnSignal(booting: Promise<Stack>): void {
  let isStopping = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, async () => {
      if (isStopping) process.exit(1)
      isStopping = true
      const stack = await booting
      await stack.stop()
      process.exit(0)
    })
}

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
