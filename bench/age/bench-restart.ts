import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startStack, type TestStack } from '../../tests/support/start-stack.ts'
import { type CrowdProcess, faultsOfTally, startCrowd } from '../crowd/start-crowd.ts'
import { fillLog } from '../load/fill-log.ts'
import { fillTables } from '../load/fill-tables.ts'
import { followGroups } from '../measure/follow-groups.ts'
import { footprintOf } from '../measure/footprint.ts'
import { median, type Outcome, type Row, round } from '../measure/measure.ts'
import type { BenchOptions } from '../options.ts'

const GIGABYTES = 20
const ROUNDS = 5
const RATE = 60
const VIEWERS = 60
const DAYS = 7
const RETENTION_MS = DAYS * 86_400_000
/** Of the log and of the claims each, at least. The records of the filling are of 1 KB. */
const ITEMS = { least: 1_000_000, perGigabyte: 50_000 }
const RUNS_BEFORE_MS = 8000
const PATIENCE_MS = 60_000
/** Consumer groups of Kafka: who pushes to viewers and who folds views. */
const GROUPS = ['tidewire-local-deliver', 'tidewire-local-fold']

/**
 * A stack with a long log, 60 events per second and 60 viewers is killed and started again at once. How long until it is
 * healthy, until every viewer has an event that was posted after the start, and until what the consumers were behind is
 * delivered and folded. Counts exactly what was lost, repeated or out of order.
 */
export async function benchRestart(options: BenchOptions): Promise<Outcome> {
  const gigabytes = options.gigabytes ?? GIGABYTES
  const folder = options.stacks[0]?.folder ?? '.'
  const dataDir = options.data ?? (await mkdtemp(join(tmpdir(), 'tidewire-restart-')))
  if (!existsSync(join(dataDir, 'dynamodb'))) await fill(dataDir, folder, gigabytes)
  const stack = await startStack({ cwd: folder, env: { TIDEWIRE_DATA: dataDir } })
  const crowd = crowdOf(stack, options.viewers?.[0] ?? VIEWERS)
  try {
    await crowd.open()
    await crowd.write(options.rates?.[0] ?? RATE)
    const size = await sizeOf(dataDir)
    const rows: Row[] = []
    for (let round = 1; round <= (options.rounds ?? ROUNDS); round++) {
      await sleep(RUNS_BEFORE_MS)
      const row = { round, ...(await restart(stack, crowd)) }
      process.stderr.write(`restart: ${JSON.stringify(row)}\n`)
      rows.push(row)
    }
    await crowd.rest()
    await crowd.settle(PATIENCE_MS)
    const tally = await crowd.tally()
    const { accepted, delivered, lost, repeated, outOfOrder, retriedPosts, errors } = tally
    const counts = { accepted, delivered, lost, repeated, outOfOrder, retriedPosts }
    return {
      rows: [{ ...size, ...medians(rows), ...counts, 'errors of clients': JSON.stringify(errors) }, ...rows],
      faults: faultsOfTally('restart', tally),
    }
  } finally {
    await crowd.stop()
    await stack.dispose()
    if (options.data === null) await rm(dataDir, { recursive: true, force: true })
  }
}

function crowdOf({ httpUrl, socketUrl }: TestStack, viewers: number): CrowdProcess {
  return startCrowd({ httpUrl, socketUrl, viewers, retentionMs: RETENTION_MS, isNatural: false })
}

/** The consumer groups of a topic, as infra/msk-triggers.cjs names them. */
function groupsOf(topic: string): string[] {
  return [`tidewire-local-deliver-0-of-1-${topic}`, `tidewire-local-fold-${topic}`]
}

/** Lets a stack without tables make them, its topics and groups with some events, stops it, and fills its data. */
async function fill(dataDir: string, folder: string, gigabytes: number): Promise<void> {
  const stack = await startStack({ cwd: folder, env: { TIDEWIRE_DATA: dataDir } })
  const crowd = crowdOf(stack, 4)
  await crowd.open()
  await crowd.write(RATE)
  await sleep(RUNS_BEFORE_MS)
  await crowd.rest()
  await crowd.settle(PATIENCE_MS)
  await crowd.stop()
  await stack.stop()
  const log = (line: string) => void process.stderr.write(`restart: filled ${line}\n`)
  const has = (await footprintOf(dataDir)).megabytes.get('kafka') ?? 0
  const bytes = gigabytes * 1e9 - has * 1e6
  if (bytes > 0) await fillLog({ dataDir: join(dataDir, 'kafka'), bytes, days: DAYS, groupsOf, log })
  fillTables({
    file: join(dataDir, 'dynamodb', 'tables.sqlite'),
    events: Math.max(ITEMS.least, gigabytes * ITEMS.perGigabyte),
    expires: Math.floor((Date.now() + RETENTION_MS) / 1000),
  })
  await stack.dispose()
}

async function restart(stack: TestStack, crowd: CrowdProcess): Promise<Row> {
  await stack.stop('SIGKILL')
  await crowd.mark()
  const begin = performance.now()
  const coming = crowd.backLive(PATIENCE_MS)
  const ready = await stack.start()
  const groups = followGroups(`127.0.0.1:${stack.ports.KAFKA_PORT}`)
  await groups.connect()
  const caughtUp = await groups.untilCaughtUp(GROUPS, begin)
  await groups.disconnect()
  const { p50, max, missing } = await coming
  return {
    'ready s': round(ready / 1000),
    'median viewer live s': round(p50 / 1000),
    'all viewers live s': missing === 0 ? round(max / 1000) : 'never',
    ...Object.fromEntries(
      caughtUp.flatMap(({ prefix, behind, ms }) => [
        [`${prefix.replace('tidewire-', '')}: behind by`, behind],
        [`${prefix.replace('tidewire-', '')}: caught up s`, round(ms / 1000)],
      ]),
    ),
  }
}

async function sizeOf(dataDir: string): Promise<Row> {
  const { megabytes, segments } = await footprintOf(dataDir)
  return {
    'log GB': round((megabytes.get('kafka') ?? 0) / 1000),
    'tables GB': round((megabytes.get('dynamodb') ?? 0) / 1000),
    segments,
  }
}

function medians(rows: readonly Row[]): Row {
  const names = Object.keys(rows[0] ?? {}).filter((name) => name.endsWith(' s'))
  return Object.fromEntries(names.map((name) => [name, round(median(rows.map((row) => Number(row[name]))))]))
}
