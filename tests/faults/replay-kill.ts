import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, type Message } from 'kafkajs'
import type { Replay } from '#shared/pipeline/replays/replay-store.ts'
import { get, type Positioned, readLog } from '../support/api.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

type Options = {
  /** How many dead letters there are, and how many of them are replayed. */
  readonly letters: number
  readonly chosen: number
  /** Letters in a second. */
  readonly rate: number
  /** How often the stack is killed in the middle. */
  readonly kills: number
}

/** What became of a replay whose worker was killed with its stack. */
export type ReplayKill = {
  readonly replay: Replay
  /** The count before the replay was created. */
  readonly counted: number
  /** How many letters were replayed at each kill, as far as it was saved. */
  readonly killedAt: readonly number[]
  /** The ids that were chosen and are not in the log, those that are there more than once, and those that should not be. */
  readonly missing: readonly string[]
  readonly doubled: readonly string[]
  readonly strange: readonly string[]
  /** Events whose `replayOf` is not the position of their letter. */
  readonly misplaced: readonly string[]
  /** The dead letters afterwards, by status. */
  readonly statuses: Readonly<Record<string, number>>
  /** How many records were appended to Kafka for the replay: more than `chosen` if some were appended again. */
  readonly appended: number
  readonly report: string
}

const TOPIC = 'events'
const SETTLE_MS = 120_000
const WRITTEN_AT_ONCE = 500

/**
 * Makes dead letters of records whose type the stack refuses, restarts it so that it accepts the type, replays those of
 * one type, and kills the whole stack with SIGKILL while they are replayed.
 */
export async function runReplayKill({ letters, chosen, rate, kills }: Options): Promise<ReplayKill> {
  const stack = await startStack({ env: { UNKNOWN_TYPES: 'refuse', SCHEDULE_SECONDS: '1' } })
  try {
    const proof = `proof-${randomUUID().slice(0, 8)}`
    const wanted = new Map(
      Array.from({ length: letters }, (_, index) => [`${proof}-${index}`, index % letters < chosen]),
    )
    await write(stack, wanted)
    await until(async () => (await readLetters(stack)).length >= letters, 'every record is a dead letter')
    const places = new Map(
      (await readLetters(stack)).map(({ id, topic, partition, offset }) => [
        id,
        `${topic}/${partition}/${offset}`,
      ]),
    )
    await restart(stack, 'SIGINT', { UNKNOWN_TYPES: 'accept' })

    const filter = { type: ['proof.chosen'] }
    const { count: counted } = (await call(stack, '/dead-letters/replay', { filter, dryRun: true })) as {
      count: number
    }
    const created = (await call(stack, '/dead-letters/replay', { filter, rate })) as Replay
    const show = async () => (await get<Replay>(`${stack.httpUrl}/replays/${created.id}`)).json
    const killedAt: number[] = []
    for (let kill = 1; kill <= kills; kill++) {
      const goal = (chosen * kill) / (kills + 1)
      await until(async () => (await show()).done >= goal, `${goal} letters are replayed`)
      killedAt.push((await show()).done)
      await restart(stack, 'SIGKILL')
    }
    await until(
      async () => ['done', 'failed'].includes((await show()).status),
      'the replay is over',
      letters * 100,
    )
    const replay = await show()
    await until(async () => (await readLog(stack.httpUrl, 'proof.**')).length >= chosen, 'all are delivered')
    const log = await readLog(stack.httpUrl, 'proof.**')
    const appended = (await endOf(stack)) - letters
    const found = await readLetters(stack)
    const outcome = compare(wanted, places, log)
    const statuses = Object.fromEntries(
      Object.entries(Object.groupBy(found, ({ status }) => status)).map(([status, all = []]) => [
        status,
        all.length,
      ]),
    )
    const report = `${letters} dead letters, ${counted} counted, killed at ${killedAt.join(', ')}: ${replay.status} with ${replay.done} done, ${replay.skipped} skipped, ${replay.failed} failed; ${appended} records appended; ${outcome.missing.length} lost, ${outcome.doubled.length} doubled; letters afterwards ${JSON.stringify(statuses)}\n`
    return { replay, counted, killedAt, ...outcome, statuses, appended, report }
  } finally {
    await stack.dispose()
  }
}

/** Writes the records straight into Kafka, as a producer does that knows nothing of Tidewire. */
async function write(stack: TestStack, wanted: ReadonlyMap<string, boolean>): Promise<void> {
  const producer = kafkaOf(stack).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  const messages = [...wanted].map(([id, isChosen], index): Message => {
    const type = isChosen ? 'proof.chosen' : 'proof.other'
    const event = { specversion: '1.0', id, source: '/proof', type, data: { index } }
    return {
      key: `key-${index % 50}`,
      value: JSON.stringify(event),
      headers: { 'content-type': 'application/cloudevents+json' },
    }
  })
  for (let from = 0; from < messages.length; from += WRITTEN_AT_ONCE)
    await producer.send({ topic: TOPIC, messages: messages.slice(from, from + WRITTEN_AT_ONCE) })
  await producer.disconnect()
}

function kafkaOf(stack: TestStack): Kafka {
  return new Kafka({ brokers: [`127.0.0.1:${stack.ports.KAFKA_PORT}`], logLevel: logLevel.NOTHING })
}

async function endOf(stack: TestStack): Promise<number> {
  const admin = kafkaOf(stack).admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(TOPIC)
  await admin.disconnect()
  return offsets.reduce((sum, { high }) => sum + Number(high), 0)
}

async function restart(
  stack: TestStack,
  signal: NodeJS.Signals,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  await stack.stop(signal)
  Object.assign(stack.env, env) // the next process gets them
  await stack.start()
}

type Letter = {
  topic: string
  partition: number
  offset: number
  id: string
  source?: string
  status: string
}

async function readLetters(stack: TestStack): Promise<Letter[]> {
  const letters: Letter[] = []
  for (let next: string | null = ''; next !== null; ) {
    const query = new URLSearchParams({ status: 'open,replayed', limit: '500', ...(next && { next }) })
    const { json } = await get<{ deadLetters: Letter[]; next: string | null }>(
      `${stack.httpUrl}/dead-letters?${query}`,
    )
    letters.push(...json.deadLetters.filter(({ source }) => source === '/proof'))
    next = json.next
  }
  return letters
}

async function call(stack: TestStack, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${stack.httpUrl}${path}`, {
    method: 'POST',
    headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

async function until(look: () => Promise<boolean>, what: string, withinMs = SETTLE_MS): Promise<void> {
  const deadline = performance.now() + Math.max(withinMs, SETTLE_MS)
  while (!(await look().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`it did not happen that ${what}`)
    await sleep(100)
  }
}

function compare(
  wanted: ReadonlyMap<string, boolean>,
  places: ReadonlyMap<string, string>,
  log: readonly (Positioned & { replayOf?: { topic: string; partition: number; offset: number } })[],
) {
  const times = Map.groupBy(log, ({ event }) => event.id)
  const placeOf = ({ replayOf }: (typeof log)[number]) =>
    replayOf && `${replayOf.topic}/${replayOf.partition}/${replayOf.offset}`
  return {
    missing: [...wanted].flatMap(([id, isChosen]) => (isChosen && !times.has(id) ? [id] : [])),
    doubled: [...times].flatMap(([id, all]) => (all.length > 1 ? [id] : [])),
    strange: [...times.keys()].filter((id) => wanted.get(id) !== true),
    misplaced: log.flatMap((one) => (placeOf(one) === places.get(one.event.id) ? [] : [one.event.id])),
  }
}
