import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePorts } from '../support/free-ports.ts'

/** An embedded broker in its own process, which a test can freeze and kill. */
export type SpawnedBroker = {
  readonly endpoint: string
  /** Sends a signal; after SIGKILL it waits until the process is gone. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): Promise<void>
  /** Starts it, on the same port and data. */
  start(): Promise<void>
  dispose(): Promise<void>
}

/** Starts a broker on a free port with an empty data folder. */
export async function spawnBroker(): Promise<SpawnedBroker> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-broker-'))
  const [port = 0] = await freePorts(1)
  const module = JSON.stringify(resolve('localstack/broker/start-broker.ts'))
  const script = `
    const { startBroker } = await import(${module})
    const { endpoint } = await startBroker(${JSON.stringify({ port, dataDir })})
    console.log(endpoint)`
  let child: ChildProcess | null = null
  const start = async () => {
    const flags = ['--input-type=module', '-e', script]
    const started = spawn(resolve('node_modules/.bin/node'), flags, { stdio: ['ignore', 'pipe', 'inherit'] })
    child = started
    await new Promise<void>((ready, reject) => {
      started.stdout?.once('data', () => ready())
      started.once('exit', (code) => reject(new Error(`the broker ended with ${code}`)))
    })
  }
  const signal = async (name: NodeJS.Signals) => {
    const running = child
    if (running === null || running.exitCode !== null || running.signalCode !== null) return
    const exited = name === 'SIGKILL' && new Promise((done) => running.once('exit', done))
    running.kill(name)
    await exited
  }
  await start()
  return {
    endpoint: `127.0.0.1:${port}`,
    start,
    signal,
    async dispose() {
      await signal('SIGKILL')
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
