import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { findTakenPort } from './find-taken-port.ts'
import { readSettings } from './settings.ts'

const HELP = `Starts the whole pipeline on this machine and stays up; Ctrl-C stops all of it.

  npm start                  everything, demo simulators on
  npm start -- --no-demo     no simulators
  npm start -- --fresh       forgets the local data first

Ports come from HTTP_PORT, WS_PORT, LAMBDA_PORT, WEB_PORT, KAFKA_PORT, DYNAMODB_PORT and IDENTITY_PORT,
data from TIDEWIRE_DATA. KAFKA_BROKERS and DYNAMODB_ENDPOINT use those instead of starting a broker and an emulator.
See docs/local-stack.md.
`

/** Ends with one clear line. */
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

// The framework runs in this very process: one process to stop, and nothing is left behind when it is killed.
process.env.SLS_LOG_LEVEL ??= 'warning'
process.env.SLS_TELEMETRY_DISABLED = '1'
process.env.TIDEWIRE_DEMO = flags['no-demo'] ? 'off' : 'on'
process.env.TIDEWIRE_PLUGIN = './localstack/plugin.ts'
process.argv = [
  ...process.argv.slice(0, 2),
  ...['offline', 'start', '--stage', 'local'],
  ...['--httpPort', String(ports.HTTP_PORT)],
  ...['--websocketPort', String(ports.WS_PORT)],
  ...['--lambdaPort', String(ports.LAMBDA_PORT)],
  ...['--webSocketHardTimeout', String(connectionSeconds)],
]
await import('serverless/bin/serverless.js')
