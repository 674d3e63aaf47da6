import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, type Producer } from 'kafkajs'
import { createRandom, type Random } from '#shared/testing/random.ts'
import { get, type Positioned } from '../../support/api.ts'
import { openSocket, type TestSocket } from '../../support/open-socket.ts'
import { startStack, type TestStack } from '../../support/start-stack.ts'
import { copyWithCranes, TOPIC } from './poison-domain.ts'
import { liftOf, type Message, POISON } from './poison-records.ts'

export type PoisonOptions = {
  /** Good events of one run, and how many poison records are among them. */
  readonly events: number
  readonly poison: number
  /** How often a clean run and one with poison are measured, in turns. */
  readonly rounds: number
  readonly seed: number
}

/** One run: how long it took from the first record sent to the last good event received, in milliseconds. */
type Run = { readonly ms: number; readonly findings: readonly string[] }

export type PoisonTrial = {
  /** What is wrong: events that are lost, doubled or out of order, letters that are missing, doubled or of another code. */
  readonly findings: readonly string[]
  /** How long each clean run took, and each one with poison. */
  readonly rounds: readonly { readonly cleanMs: number; readonly poisonMs: number }[]
  /** Dead letters by kind of poison. */
  readonly letters: ReadonlyMap<string, number>
}

const CRANES = 12
const PER_SEND = 500
/** Apache Kafka takes at most 1 MB of one partition at once. */
const BYTES_PER_SEND = 900_000
/** Events before the first run. */
const WARM_UP = 500

type Letter = { readonly code: string; readonly value: string | null; readonly offset: number }

/**
 * Writes good events and poison of all kinds straight to Kafka, over the running stack, and follows what a subscriber
 * gets, what the views count, and what the dead letters have. Poison lies anywhere among the good events of a partition.
 */
export async function runPoison({ events, poison, rounds, seed }: PoisonOptions): Promise<PoisonTrial> {
  const folder = await copyWithCranes()
  const random = createRandom(seed)
  let stack: TestStack | undefined
  let producer: Producer | undefined
  try {
    // The page of another copy would have to be built; nobody opens it here.
    stack = await startStack({ cwd: folder, env: { WEB_DEV: '1' } })
    const brokers = [process.env.KAFKA_BROKERS ?? `127.0.0.1:${stack.ports.KAFKA_PORT}`]
    producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
    const world: World = { stack, producer, random }
    const findings: string[] = []
    const letters = new Map<string, number>()
    const measured: { readonly cleanMs: number; readonly poisonMs: number }[] = []
    await runOnce(world, { events: WARM_UP, poison: 0 })
    for (let round = 0; round < rounds; round++) {
      const runClean = () => runOnce(world, { events, poison: 0 })
      const runPoisoned = () => runOnce(world, { events, poison }, letters)
      // A stack gets faster with the runs, so each kind is the first one in turn.
      const isCleanFirst = round % 2 === 0
      const first = await (isCleanFirst ? runClean() : runPoisoned())
      const second = await (isCleanFirst ? runPoisoned() : runClean())
      const [clean, poisoned] = isCleanFirst ? [first, second] : [second, first]
      measured.push({ cleanMs: clean.ms, poisonMs: poisoned.ms })
      findings.push(...first.findings, ...second.findings)
    }
    return { findings, rounds: measured, letters }
  } finally {
    await producer?.disconnect()
    await stack?.dispose()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Splits the log into what is sent at once, in order. */
function sends(log: readonly Message[]): Message[][] {
  const all: Message[][] = []
  let [own, bytes]: [Message[], number] = [[], 0]
  for (const message of log) {
    if (own.length === 0 || own.length === PER_SEND || bytes + message.value.length > BYTES_PER_SEND) {
      own = []
      bytes = 0
      all.push(own)
    }
    own.push(message)
    bytes += message.value.length
  }
  return all
}

type World = { readonly stack: TestStack; readonly producer: Producer; readonly random: Random }

async function runOnce(
  { stack, producer, random }: World,
  { events, poison }: Pick<PoisonOptions, 'events' | 'poison'>,
  letters?: Map<string, number>,
): Promise<Run> {
  const run = randomUUID().slice(0, 8)
  const craneOf = (n: number) => `${run}-${n % CRANES}`
  const marks = Array.from({ length: poison }, (_, n) => `${run}-poison-${n}`)
  const log: Message[] = Array.from({ length: events }, (_, n) => liftOf(`${run}-${n}`, craneOf(n), n))
  const firstPlace = Math.min(CRANES, events)
  for (const [n, mark] of marks.entries()) {
    const kind = POISON[n % POISON.length]
    const crane = craneOf(n)
    // The event with that id is the first of its crane, before all poison of the same partition.
    const made = kind?.make({ mark, crane, taken: `${run}-${n % CRANES}` })
    if (made) log.splice(firstPlace + random.pick(log.length - firstPlace + 1), 0, made)
  }
  const socket = await openSocket(stack.socketUrl)
  try {
    socket.send({ action: 'subscribe', id: 's', channels: ['crane.lift'] })
    await socket.next((frame) => frame.type === 'subscribed')
    const began = performance.now()
    for (const messages of sends(log))
      await producer.send({ topic: TOPIC, acks: -1, messages: messages.map(mutable) })
    const findings: string[] = []
    if (!(await hasAll(socket, run, events))) findings.push(`${run}: not every event came`)
    const ms = performance.now() - began
    findings.push(...deliveryFaults(socket, run, events, craneOf))
    findings.push(...(await letterFaults(stack, marks, letters)))
    findings.push(...(await viewFaults(stack, events, craneOf)))
    return { ms, findings }
  } finally {
    await socket.close()
  }
}

function mutable({ key, value, headers }: Message) {
  return { key, value, ...(headers && { headers: { ...headers } }) }
}

const PATIENCE_MS = 120_000

/** Waits until a socket has got as many good events of a run, or no more come. */
async function hasAll(socket: TestSocket, run: string, events: number): Promise<boolean> {
  const seen = new Set<string>()
  let looked = 0
  let deadline = performance.now() + PATIENCE_MS
  while (seen.size < events) {
    const before = seen.size
    for (; looked < socket.frames.length; looked++)
      for (const { event } of eventsIn(socket.frames[looked])) if (isGood(event.id, run)) seen.add(event.id)
    if (seen.size > before) deadline = performance.now() + PATIENCE_MS
    if (performance.now() > deadline) return false
    await sleep(5)
  }
  return true
}

function eventsIn(frame: TestSocket['frames'][number] | undefined): readonly Positioned[] {
  return frame?.type === 'events' ? (frame.events as Positioned[]) : []
}

function isGood(id: string, run: string): boolean {
  return id.startsWith(`${run}-`) && !id.includes('poison')
}

/** What a subscriber must get: each good event once, those of a crane in order, positions only upwards. */
function deliveryFaults(
  { frames }: TestSocket,
  run: string,
  events: number,
  craneOf: (n: number) => string,
): string[] {
  const faults: string[] = []
  const got = frames.flatMap(eventsIn)
  const positions = new Map<number, number>()
  for (const { partition, offset } of got) {
    if (offset <= (positions.get(partition) ?? -1))
      faults.push(`${run}: ${partition}/${offset} is out of order`)
    positions.set(partition, offset)
  }
  const good = got.map(({ event }) => event).filter(({ id }) => isGood(id, run))
  if (good.length !== events) faults.push(`${run}: ${good.length} of ${events} events came`)
  const byCrane = Map.groupBy(good, ({ data }) => (data as { crane: string }).crane)
  for (let crane = 0; crane < Math.min(CRANES, events); crane++) {
    const numbers = (byCrane.get(craneOf(crane)) ?? []).map(({ data }) => (data as { n: number }).n)
    if (numbers.some((n, index) => n !== crane + index * CRANES))
      faults.push(`${craneOf(crane)}: not in order`)
  }
  return faults
}

/** Each poison record has one letter, with the code of its kind. */
async function letterFaults(
  stack: TestStack,
  marks: readonly string[],
  counts: Map<string, number> | undefined,
): Promise<string[]> {
  const wanted = new Map(marks.map((mark, n) => [mark, POISON[n % POISON.length]]))
  let found = new Map<string, Letter[]>()
  // The fold may come to a record later than the delivery does.
  for (let tries = 0; tries < 240; tries++) {
    found = Map.groupBy(await readLetters(stack), (letter) => markIn(letter, marks[0]) ?? '')
    if (marks.every((mark) => found.has(mark))) break
    await sleep(500)
  }
  return [...wanted].flatMap(([mark, kind]) => {
    const letters = found.get(mark) ?? []
    const name = kind?.kind ?? ''
    counts?.set(name, (counts.get(name) ?? 0) + letters.length)
    const codes = letters.map(({ code }) => code).join()
    return codes === kind?.code ? [] : [`${mark} (${name}) has ${letters.length} letters: ${codes}`]
  })
}

function markIn({ value }: Letter, example = ''): string | undefined {
  const text = Buffer.from(value ?? '', 'base64').toString('latin1')
  const [run = ''] = example.split('-poison-')
  return run === '' ? undefined : new RegExp(`${run}-poison-\\d+`).exec(text)?.[0]
}

async function readLetters({ httpUrl }: TestStack): Promise<Letter[]> {
  const letters: Letter[] = []
  for (let next: string | null = ''; next !== null; ) {
    const query = new URLSearchParams({ topic: TOPIC, limit: '500', ...(next && { next }) })
    const { json } = await get<{ deadLetters?: Letter[]; next: string | null }>(
      `${httpUrl}/dead-letters?${query}`,
    )
    if (json.deadLetters === undefined) throw new Error(JSON.stringify(json))
    letters.push(...json.deadLetters)
    next = json.next
  }
  return letters
}

/** The views have counted each good event once. */
async function viewFaults(
  { httpUrl }: TestStack,
  events: number,
  craneOf: (n: number) => string,
): Promise<string[]> {
  let faults: string[] = []
  for (let tries = 0; tries < 240; tries++) {
    faults = []
    for (let crane = 0; crane < Math.min(CRANES, events); crane++) {
      const lifts = Math.ceil((events - crane) / CRANES)
      const { json } = await get<{ state?: { lifts: number } }>(
        `${httpUrl}/views/cranes/lifts/${craneOf(crane)}`,
      )
      if (json.state?.lifts !== lifts)
        faults.push(`${craneOf(crane)} has ${json.state?.lifts} of ${lifts} lifts`)
    }
    if (faults.length === 0) return []
    await sleep(500)
  }
  return faults
}
