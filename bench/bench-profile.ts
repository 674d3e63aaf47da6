import { setTimeout as sleep } from 'node:timers/promises'
import { startStack } from '../tests/support/start-stack.ts'
import { type LoadProcess, startLoad } from './load/start-load.ts'
import { type Outcome, type Row, round } from './measure/measure.ts'
import { faultsOf } from './measure/measure-phase.ts'
import type { BenchOptions } from './options.ts'
import type { ProbeAnswer } from './profile/probe.ts'
import { type CpuProfile, selfTimes } from './profile/self-times.ts'
import { startProbe } from './profile/start-probe.ts'
import { type KafkaCluster, startKafka } from './systems/start-kafka.ts'
import { asSystem } from './systems/tidewire.ts'
import { type CountedStack, startCountedStack } from './units/counted-stack.ts'

const RATES = [5, 20, 100, 500]
const VIEWERS = 100
/** Owners with less than this part of all self time are summed up as one. */
const SMALL = 0.02
const LONE_EVENTS = 12

/**
 * Where the milliseconds of an event go, in Tidewire and in each checkout named with `--stack`: the CPU of every thread
 * and the self time of every package at 5, 20, 100 and 500 events per second; and the requests of one lone event to the
 * tables and to the gateway on their time line, through proxies that add about a millisecond each.
 */
export async function benchProfile(options: BenchOptions): Promise<Outcome> {
  const rows: Row[] = []
  const faults: string[] = []
  for (const { name, folder } of options.stacks) {
    const profiled = await profile(name, folder, options)
    rows.push(...profiled.rows)
    faults.push(...profiled.faults)
    const stack = await startCountedStack(folder, options.isApache)
    try {
      rows.push(...(await timeline(name, stack, options)))
    } finally {
      await stack.stop()
    }
  }
  return { rows, faults }
}

async function profile(name: string, folder: string, options: BenchOptions): Promise<Outcome> {
  const probe = await startProbe()
  const kafka = await startKafka(options)
  try {
    const stack = await startStack({ cwd: folder, env: { ...probe.env, KAFKA_BROKERS: kafka.endpoint } })
    const load = startLoad(asSystem(stack))
    try {
      await load.connect(VIEWERS)
      await load.run({ viewers: VIEWERS, rate: 20, perPost: 1, seconds: 5 })
      const rows: Row[] = []
      const faults: string[] = []
      for (const rate of options.rates ?? RATES) {
        const step = await profileRate(rate, { load, kafka, ask: probe.ask, seconds: options.seconds ?? 5 })
        rows.push(...step.rows.map((row) => ({ system: name, 'events per second': rate, ...row })))
        faults.push(...step.faults.map((fault) => `${name}, ${fault}`))
      }
      return { rows, faults }
    } finally {
      await load.stop()
      await stack.dispose()
    }
  } finally {
    await kafka.stop()
    await probe.stop()
  }
}

type Rig = {
  readonly load: LoadProcess
  readonly kafka: KafkaCluster
  readonly ask: (what: 'start' | 'stop') => Promise<ProbeAnswer[]>
  readonly seconds: number
}

async function profileRate(rate: number, { load, kafka, ask, seconds }: Rig): Promise<Outcome> {
  await ask('start')
  const before = await kafka.cpuSeconds()
  const phase = await load.run({ viewers: VIEWERS, rate, perPost: 1, seconds })
  const kafkaCpu = (await kafka.cpuSeconds()) - before
  const perEvent = (milliseconds: number) => round(milliseconds / phase.events)
  const threads = (await ask('stop')).flatMap(({ pid, threads: found }) =>
    found.flatMap(({ thread, profile: taken }) =>
      taken ? [{ thread: `${pid} ${thread}`, times: selfTimes(taken as CpuProfile) }] : [],
    ),
  )
  const owners = new Map<string, number>()
  for (const { times } of threads)
    for (const [owner, ms] of times) owners.set(owner, (owners.get(owner) ?? 0) + ms)
  const total = sum(owners)
  const isSmall = (ms: number) => ms < SMALL * total
  const large = [...owners].filter(([, ms]) => !isSmall(ms)).sort(([, a], [, b]) => b - a)
  const small = [...owners.values()].filter(isSmall).reduce((all, ms) => all + ms, 0)
  const share = (ms: number) => `${Math.round((100 * ms) / total)} %`
  const rows: Row[] = [
    {
      part: 'all of it',
      'p50 ms': round(phase.latency.p50),
      'p99 ms': round(phase.latency.p99),
      'POST to 202, p50 ms': round(phase.accepted.p50),
      'frames per delivered event': round(phase.frames / phase.delivered),
      'busy ms per event': perEvent(total),
      'Kafka CPU ms per event': perEvent(1000 * kafkaCpu),
    },
    ...threads
      .filter(({ times }) => !isSmall(sum(times)))
      .map(({ thread, times }) => ({
        part: `thread ${thread}`,
        'busy ms per event': perEvent(sum(times)),
        share: share(sum(times)),
      })),
    ...large.map(([owner, ms]) => ({ part: owner, 'self ms per event': perEvent(ms), share: share(ms) })),
    { part: 'the rest', 'self ms per event': perEvent(small), share: share(small) },
  ]
  return { rows, faults: faultsOf(`${rate} events/s`, phase) }
}

function sum(times: ReadonlyMap<string, number>): number {
  return [...times.values()].reduce((total, ms) => total + ms, 0)
}

/** The requests of the lone event with the median latency, from its POST on. */
async function timeline(
  name: string,
  { load, tables, gateway }: CountedStack,
  options: BenchOptions,
): Promise<Row[]> {
  await load.connect(10)
  await load.run({ viewers: 10, rate: 20, perPost: 1, seconds: 5 })
  const lone = []
  for (let count = 0; count < LONE_EVENTS; count++) {
    await sleep(500)
    tables.take()
    gateway.take()
    const phase = await load.run({ viewers: 10, rate: 1, perPost: 1, seconds: 1, ...options.ids })
    const requests = tables.take().map((seam) => ({ ...seam, to: Object.keys(seam.tables).join(' ') }))
    const posts = gateway.take().map((seam) => ({ ...seam, to: 'a connection' }))
    lone.push({ phase, seams: [...requests, ...posts].sort((a, b) => a.begin - b.begin) })
  }
  const chosen = lone.toSorted((a, b) => a.phase.latency.p50 - b.phase.latency.p50)[
    Math.floor(LONE_EVENTS / 2)
  ]
  if (chosen === undefined) return []
  const { phase, seams } = chosen
  const zero = seams[0]?.begin ?? 0
  const head = { system: name, part: 'a lone event' }
  return [
    {
      ...head,
      'POST to 202 ms': round(phase.accepted.p50),
      'POST to the median frame ms': round(phase.latency.p50),
      requests: seams.length,
    },
    ...seams.map(({ begin, end, operation, to }) => ({
      ...head,
      'ms after the first request': round(begin - zero),
      'takes ms': round(end - begin),
      operation,
      to: to.replaceAll(/tidewire-[a-z]+-/g, ''),
    })),
  ]
}
