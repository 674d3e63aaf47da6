import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '#shared/testing/random.ts'
import { startTcpProxy } from '../tests/faults/proxies/tcp-proxy.ts'
import { startStack, type TestStack } from '../tests/support/start-stack.ts'
import { type ClientsProcess, faultsOfTally, startClients } from './load/start-clients.ts'
import { median, type Outcome, type Row, round } from './measure/measure.ts'
import { treeDescriptors, treeMegabytes } from './measure/processes.ts'
import type { BenchOptions } from './options.ts'
import { type Probe, startProbe } from './profile/start-probe.ts'

const MINUTES = 30
const RATE = 500
const PER_POST = 10
const SEATS = 100
const AUDIENCE = 10
/** Samples in all; each collects the garbage of every thread, so a short run has fewer. */
const SAMPLES = 60
const SAMPLE_EVERY_MS = 10_000
/**
 * The stack is killed so often, all in this first part of the time: a heap is compared within one life of it. In a short
 * run it is killed less often, since it and its clients need a while to come back.
 */
const KILLS = 4
const KILLED_PART = 0.4
const BETWEEN_KILLS_MS = 40_000
const CUT_EVERY_MS = 5000
const REPLACE_EVERY_MS = 2000
const PATIENCE_MS = 60_000
/** The parts of the time whose heaps, memory and descriptors are compared. */
const EARLY = [0.5, 0.65] as const
const LATE = [0.85, 1] as const

/**
 * 500 events per second for 30 minutes (`--minutes`), each to 10 of 100 clients, while clients come and go, sockets are
 * cut, and the stack with its Kafka and its tables is killed with SIGKILL and started again. Counts exactly what was
 * lost or repeated, and reads heaps after a collection, memory and descriptors.
 */
export async function benchSoak(options: BenchOptions): Promise<Outcome> {
  const minutes = options.minutes ?? MINUTES
  const probe = await startProbe()
  const folder = options.stacks[0]?.folder ?? '.'
  const stack = await startStack({ cwd: folder, env: { ...probe.env } })
  const sockets = await startTcpProxy(() => stack.ports.WS_PORT ?? 0, SEATS)
  const socketUrl = `ws://127.0.0.1:${sockets.port}`
  const clients = startClients({ httpUrl: stack.httpUrl, socketUrl, seats: SEATS, audience: AUDIENCE })
  try {
    await clients.open()
    const faulting = startFaults(
      { stack, clients, cut: () => sockets.cut(createRandom(Date.now())) },
      minutes,
    )
    const sampling = sample({ stack, clients, probe, events: faulting.take }, minutes)
    await clients.post({ rate: options.rates?.[0] ?? RATE, perPost: PER_POST, seconds: minutes * 60 })
    await faulting.stop()
    await clients.settle(PATIENCE_MS)
    const samples = await sampling
    const tally = await clients.tally()
    const { errors, ...counts } = tally
    const summary: Row = {
      what: 'all of it',
      minutes,
      'events per second': options.rates?.[0] ?? RATE,
      ...counts,
      ...faulting.counts(),
      ...flatness(samples, 'heap after collection MB'),
      ...flatness(samples, 'resident MB'),
      ...flatness(samples, 'descriptors'),
      'errors of clients': JSON.stringify(errors),
    }
    return { rows: [summary, ...samples], faults: faultsOfTally('soak', tally) }
  } finally {
    await clients.stop()
    await sockets.stop()
    await stack.dispose()
    await probe.stop()
  }
}

type Faulted = { readonly stack: TestStack; readonly clients: ClientsProcess; readonly cut: () => boolean }

/** Kills, cuts and replaces until it is stopped. */
function startFaults({ stack, clients, cut }: Faulted, minutes: number) {
  const counts = { kills: 0, 'sockets cut': 0, 'clients replaced': 0 }
  let events: string[] = []
  let isStopped = false
  let killing: Promise<unknown> = Promise.resolve()
  const kill = async () => {
    counts.kills++
    events.push('kill -9')
    await stack.stop('SIGKILL')
    const took = await stack.start()
    process.stderr.write(`soak: killed, and ready again after ${Math.round(took)} ms\n`)
  }
  const timers = [
    setInterval(() => {
      if (cut()) counts['sockets cut']++
    }, CUT_EVERY_MS),
    setInterval(() => {
      counts['clients replaced']++
      void clients.replace(1)
    }, REPLACE_EVERY_MS),
  ]
  const killer = (async () => {
    const time = minutes * 60_000 * KILLED_PART
    const kills = Math.min(KILLS, Math.max(1, Math.floor(time / BETWEEN_KILLS_MS)))
    const pause = time / (kills + 1)
    for (let number = 0; number < kills && !isStopped; number++) {
      await sleep(pause)
      killing = kill()
      await killing
    }
  })()
  return {
    /** The kills since the last call. */
    take() {
      const taken = events
      events = []
      return taken
    },
    counts: () => ({ ...counts }),
    async stop() {
      isStopped = true
      for (const timer of timers) clearInterval(timer)
      await killer
    },
  }
}

type Sampled = {
  readonly stack: TestStack
  readonly clients: ClientsProcess
  readonly probe: Probe
  readonly events: () => string[]
}

async function sample({ stack, clients, probe, events }: Sampled, minutes: number): Promise<Row[]> {
  const rows: Row[] = []
  const count = Math.min(SAMPLES, Math.max(1, Math.floor((minutes * 60_000) / SAMPLE_EVERY_MS)))
  const every = (minutes * 60_000) / count
  const begin = performance.now()
  for (let number = 1; number <= count; number++) {
    await sleep(Math.max(0, begin + number * every - performance.now()))
    const { delivered, latency, live } = await clients.sample()
    const { accepted, lost, retriedPosts } = await clients.tally()
    const heaps = (await probe.ask('heap')).flatMap(({ threads }) => threads.map(({ bytes = 0 }) => bytes))
    process.stderr.write(
      `soak: sample ${number} of ${count}: ${accepted} accepted, ${retriedPosts} posts repeated, ${delivered} delivered, ${lost} on their way, ${live} clients live\n`,
    )
    rows.push({
      minute: round((number * every) / 60_000),
      'p50 ms': round(latency.p50),
      'p99 ms': round(latency.p99),
      delivered,
      'clients live': live,
      'heap after collection MB': round(heaps.reduce((sum, bytes) => sum + bytes, 0) / 1e6),
      threads: heaps.length,
      'resident MB': round(await treeMegabytes(stack.pid())),
      descriptors: await treeDescriptors(stack.pid()),
      faults: events().join(', '),
    })
  }
  return rows
}

/** Compares a column early and late in the part of the time without kills. */
function flatness(samples: readonly Row[], column: string): Row {
  const within = ([from, to]: readonly [number, number]) =>
    median(
      samples
        .slice(Math.floor(from * samples.length), Math.ceil(to * samples.length))
        .map((row) => Number(row[column])),
    )
  const [early, late] = [within(EARLY), within(LATE)]
  return {
    [`${column}, early`]: round(early),
    [`${column}, late`]: round(late),
    [`${column}, growth %`]: round(100 * (late / early - 1)),
  }
}
