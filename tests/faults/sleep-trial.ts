import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '#shared/client/connect.ts'
import { createRandom } from '#shared/testing/random.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'
import { checkDeliveries, type Findings, settle } from './check-deliveries.ts'
import { seatsOf } from './clients/audience.ts'
import { type Listener, listen } from './clients/listener.ts'
import { nothingProduced, type Produced, produce } from './clients/produce.ts'
import { tableOf } from './print-table.ts'

export type SleepTrialOptions = {
  /** How long the whole stack stands still, once for each number; in seconds. */
  readonly sleeps: readonly number[]
  /** Where the stack's clock is set to, one after the other, in seconds from the real time. Needs libfaketime. */
  readonly jumps: readonly number[]
  /** Events per second, beside those of the demo. */
  readonly rate: number
  readonly clients: number
  /** How long everything is watched before the first and after each disturbance, at least. */
  readonly watchSeconds: number
  readonly onProgress?: (line: string) => void
}

export type SleepTrial = {
  readonly findings: Findings
  readonly accepted: number
  /** How many of them `tidewire tail` did not print, and how many it printed twice. */
  readonly tail: { readonly missing: number; readonly twice: number; readonly isRunning: boolean }
  /** After each disturbance: seconds until the demo's next event and until all that was accepted till then arrived. */
  readonly recoveries: readonly { readonly what: string; readonly demo: number; readonly all: number }[]
  /** What the stack said after it had started. */
  readonly said: readonly string[]
  readonly report: string
}

/** A part that has not recovered by then never does. */
const PATIENCE_MS = 240_000
/** The demo's events that show that it goes on, after those that were sent before. */
const DEMO_EVENTS = 10

/**
 * Runs a stack with its demo, producers, clients and a `tidewire tail`; stops the whole process as a laptop that sleeps
 * does, sets its clock, and waits each time until the demo and all clients go on. Compares what they received with what
 * was accepted. Throws if a part does not go on.
 */
export async function runSleepTrial(options: SleepTrialOptions): Promise<SleepTrial> {
  const { sleeps, jumps, clients, rate, watchSeconds, onProgress = () => {} } = options
  const clock = jumps.length > 0 ? await createFakeClock() : null
  const stack = await startStack({ args: [], env: clock?.env ?? {} })
  const begun = stack.output().length
  const run = randomUUID().slice(0, 8)
  const produced = nothingProduced()
  const where = { httpUrl: stack.httpUrl, socketUrl: stack.socketUrl, acceptedAt: produced.acceptedAt }
  const listeners = seatsOf(clients).map((seat) => listen({ ...seat, joins: 0, since: 'latest' }, where))
  const demo = watchDemo(stack)
  const tail = startTail(stack, run)
  const plan = { until: Number.POSITIVE_INFINITY }
  const recoveries: { what: string; demo: number; all: number }[] = []
  const watch = async (what: string): Promise<void> => {
    const recovered = await untilRecovered(run, { produced, listeners, demo, what })
    recoveries.push({ what, ...recovered })
    onProgress(
      `${what}: the demo after ${recovered.demo.toFixed(1)} s, all after ${recovered.all.toFixed(1)} s`,
    )
    await sleep(watchSeconds * 1000)
  }
  try {
    await Promise.all([...listeners.map(({ live }) => live), tail.live])
    const producing = produce({ httpUrl: stack.httpUrl, run, rate, plan }, createRandom(1), produced)
    await watch('the beginning')
    for (const seconds of sleeps) {
      process.kill(stack.pid(), 'SIGSTOP')
      await sleep(seconds * 1000)
      process.kill(stack.pid(), 'SIGCONT')
      await watch(`a sleep of ${seconds} s`)
    }
    for (const seconds of jumps) {
      await clock?.set(seconds)
      await watch(`the clock at ${seconds} s`)
    }
    plan.until = 0
    await producing
    await settle(run, produced, listeners, 60)
    await tail.has(produced)
    const findings = checkDeliveries(run, produced, listeners)
    const said = stack.output().slice(begun).split('\n').filter(Boolean)
    const found = {
      findings,
      accepted: produced.acceptedAt.size,
      tail: tail.check(produced),
      recoveries,
      said,
    }
    return { ...found, report: describe(options, found) }
  } finally {
    plan.until = 0
    tail.stop()
    for (const { client } of listeners) client.close()
    demo.stop()
    if (stack.pid() > 0) process.kill(stack.pid(), 'SIGCONT')
    await stack.dispose()
    await clock?.stop()
  }
}

type Demo = { readonly received: () => number; stop(): void }

/** Counts the events of the demo as a page sees them. */
function watchDemo({ httpUrl, socketUrl }: TestStack): Demo {
  const client = connect({ httpUrl, socketUrl, credentials: { apiKey: API_KEY }, onError: () => {} })
  let received = 0
  client.subscribe(
    { channels: ['**'], since: 'latest' },
    ({ event }) => {
      if (event.source.startsWith('/tidewire-simulator/')) received++
    },
    { onError: () => {} },
  )
  return { received: () => received, stop: () => client.close() }
}

function startTail(stack: TestStack, run: string) {
  const args = ['cli/main.ts', 'tail', 'fault.**', '--json', '--url', stack.httpUrl]
  const child = spawn(resolve('node_modules/.bin/node'), [...args, '--socket-url', stack.socketUrl], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const seen = new Map<number, number>()
  createInterface(child.stdout).on('line', (line) => {
    const { event } = JSON.parse(line) as { event: { id: string; data: { n: number } } }
    if (event.id.startsWith(run)) seen.set(event.data.n, (seen.get(event.data.n) ?? 0) + 1)
  })
  const live = new Promise<void>((done) => {
    createInterface(child.stderr).on('line', (line) => {
      if (line.startsWith('live')) done()
    })
    child.once('exit', () => done())
  })
  const missing = ({ acceptedAt }: Produced) => [...acceptedAt.keys()].filter((n) => !seen.has(n)).length
  return {
    live,
    async has(produced: Produced): Promise<void> {
      const deadline = performance.now() + PATIENCE_MS
      while (missing(produced) > 0 && performance.now() < deadline) await sleep(200)
    },
    check: (produced: Produced) => ({
      missing: missing(produced),
      twice: [...seen.values()].filter((times) => times > 1).length,
      isRunning: child.exitCode === null,
    }),
    stop: () => void child.kill('SIGKILL'),
  }
}

type Watched = {
  readonly produced: Produced
  readonly listeners: readonly Listener[]
  readonly demo: Demo
  readonly what: string
}

/** Waits until the demo goes on, events are accepted again, and every client has what was accepted until now. */
async function untilRecovered(run: string, { produced, listeners, demo, what }: Watched) {
  const begin = performance.now()
  const seconds = () => (performance.now() - begin) / 1000
  const until = async (isDone: () => boolean, part: string): Promise<number> => {
    while (!isDone()) {
      if (performance.now() - begin > PATIENCE_MS) throw new Error(`after ${what} ${part} did not go on`)
      await sleep(100)
    }
    return seconds()
  }
  const before = { demo: demo.received(), accepted: produced.acceptedAt.size }
  const demoAfter = await until(() => demo.received() >= before.demo + DEMO_EVENTS, 'the demo')
  await until(() => produced.acceptedAt.size > before.accepted, 'the producers')
  const due = { ...produced, positions: new Map(produced.positions) }
  const all = await until(() => checkDeliveries(run, due, listeners).lost === 0, 'a client')
  return { demo: demoAfter, all }
}

function describe(
  { sleeps, jumps, clients, rate }: SleepTrialOptions,
  { findings, accepted, tail, recoveries, said }: Omit<SleepTrial, 'report'>,
): string {
  const name = `Sleeps of ${sleeps.join(', ')} s, clocks at ${jumps.join(', ')} s: ${clients} clients, ${rate} events/s`
  const table = tableOf(name, [
    ['events accepted', accepted],
    ['deliveries', findings.delivered],
    ['lost', findings.lost],
    ['repeated', findings.repeated],
    ['out of order', findings.outOfOrder],
    ['gaps reported', findings.gaps],
    ['tail: missing, twice', `${tail.missing}, ${tail.twice}${tail.isRunning ? '' : '; it ended'}`],
    ...recoveries.map(({ what, demo, all }): [string, string] => [
      `after ${what}`,
      `the demo ${demo.toFixed(1)} s, all ${all.toFixed(1)} s`,
    ]),
  ])
  return `${table}${findings.details.map((line) => `  ${line}\n`).join('')}The stack said:\n${said
    .map((line) => `  ${line}\n`)
    .join('')}`
}
