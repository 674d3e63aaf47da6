import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../../tests/support/free-ports.ts'
import type { ProtocolName } from '../load/protocols.ts'
import { treeCpuSeconds, treeMegabytes } from '../measure/processes.ts'
import { type Program, readyWith, startProgram } from './start-program.ts'
import type { Contender } from './system.ts'

const FOLDER = fileURLToPath(new URL('../peers/', import.meta.url))
type Server = Program<{ port: number }>

/** Express, kafkajs and Socket.IO: what most people would write. Installs its packages if they are missing. */
export const classic: Contender = {
  name: 'classic',
  isTidewire: false,
  async start(brokers) {
    install()
    return oneServer(await serve('classic.mjs', brokers), 'socket.io')
  },
}

/** `node:http`, kafkajs and `ws`, without a framework. */
export const bare: Contender = {
  name: 'bare',
  isTidewire: false,
  start: async (brokers) => oneServer(await serve('bare.mjs', brokers), 'bare'),
}

/** Centrifugo with its Kafka consumer, behind a bare server that writes what is posted to Kafka. */
export function centrifugo(binary: string): Contender {
  return {
    name: 'centrifugo',
    isTidewire: false,
    async start(brokers) {
      const accept = await serve('accept.mjs', brokers)
      const folder = await mkdtemp(join(tmpdir(), 'tidewire-centrifugo-'))
      const [port = 0] = await freePorts(1)
      const server = await startProgram({
        command: binary,
        args: ['-c', await configure(folder, brokers, port)],
        isReady: (output) =>
          /serving websocket/.test(output) && /consum|partition/i.test(output) ? true : null,
      })
      return {
        protocol: 'centrifugo',
        postUrl: `http://127.0.0.1:${accept.ready.port}/events`,
        socketUrl: `ws://127.0.0.1:${port}`,
        headers: {},
        cpuSeconds: async () => (await treeCpuSeconds(accept.pid)) + (await treeCpuSeconds(server.pid)),
        megabytes: async () => (await treeMegabytes(accept.pid)) + (await treeMegabytes(server.pid)),
        async stop() {
          await Promise.all([accept.stop(), server.stop()])
          await rm(folder, { recursive: true, force: true })
        },
      }
    },
  }
}

type Configuration = {
  http_server: { port: number }
  consumers: { kafka: { brokers: string[] } }[]
}

/** Writes the configuration of bench/peers with this port and these brokers. */
async function configure(folder: string, brokers: string, port: number): Promise<string> {
  const configuration = JSON.parse(await readFile(join(FOLDER, 'centrifugo.json'), 'utf8')) as Configuration
  configuration.http_server.port = port
  for (const { kafka } of configuration.consumers) kafka.brokers = brokers.split(',')
  const file = join(folder, 'config.json')
  await writeFile(file, JSON.stringify(configuration))
  return file
}

function serve(file: string, brokers: string): Promise<Server> {
  return startProgram({
    command: process.execPath,
    args: ['--disable-warning=TimeoutNegativeWarning', join(FOLDER, file), brokers],
    isReady: readyWith,
  })
}

function oneServer({ pid, ready, stop }: Server, protocol: ProtocolName) {
  return {
    protocol,
    postUrl: `http://127.0.0.1:${ready.port}/events`,
    socketUrl: `ws://127.0.0.1:${ready.port}`,
    headers: {},
    cpuSeconds: () => treeCpuSeconds(pid),
    megabytes: () => treeMegabytes(pid),
    stop,
  }
}

function install(): void {
  if (existsSync(join(FOLDER, 'node_modules', 'socket.io'))) return
  process.stderr.write('Installing the peers (npm ci in bench/peers) …\n')
  const { status } = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: FOLDER,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error('npm ci failed in bench/peers; its output is above')
}
