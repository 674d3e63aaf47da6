import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { quantile, type Row, round } from '../measure/measure.ts'
import { busyMs, describeFrames, domOf, heapOf, recordFrames } from './page-probe.ts'
import { createPortStream, type PortStream } from './port-stream.ts'
import { type StandIn, startStandIn } from './stand-in-gateway.ts'

const RATE = 1000
/** In every row, because these events come through no pipeline. */
const SOURCE = { 'events from': 'a stand-in gateway, no pipeline' } as const
/** The gateway coalesces what comes within a poll of Kafka. */
const FRAMES_PER_SECOND = 50
const THROTTLE = 4
/** Live rows are trimmed in steps of 2,500: heaps are compared at the same point between two trims. */
const CAPACITY = 10_000
const STEP = CAPACITY / 4
const SETTLE_MS = 30_000
const HISTORY = 200
const ROUND_SECONDS = 10
const PHASES = ['at rest', 'filtering', 'paused'] as const
type Phase = (typeof PHASES)[number]
/** Per cent of the time. */
const SHARES: { readonly [phase in Phase]: number } = { 'at rest': 40, filtering: 40, paused: 20 }

/** Processor times are those of the main thread, slowed down as it is. */
type Measured = {
  readonly events: number
  readonly ms: number
  readonly frames: readonly number[]
  readonly task: number
  readonly script: number
}

type Rig = {
  readonly page: Page
  readonly session: CDPSession
  readonly stream: PortStream
  readonly gateway: StandIn
  readonly before: number
}

/**
 * Measures the port page at 1,000 events per second on a processor slowed down fourfold: first at rest, then while its
 * reader filters, then paused. A stand-in gateway sends the events, because two cores cannot carry the whole pipeline
 * beside a browser.
 */
export async function feedUnderLoad(browser: Browser, seconds: number): Promise<Row[]> {
  const stream = createPortStream(1)
  const begin = Date.now() - 60_000
  const history = Array.from({ length: HISTORY }, (_, index) => stream.next(begin + index)).reverse()
  const gateway = await startStandIn({ history, cursor: stream.cursor })
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  try {
    await page.goto(`${gateway.webUrl}/port`)
    await page.getByText('Live', { exact: true }).first().waitFor()
    await page.getByRole('row').nth(3).waitFor()
    const session = await page.context().newCDPSession(page)
    // Processor time of the main thread, so that other processes of this machine do not count.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    await session.send('HeapProfiler.enable')
    return await measure({ page, session, stream, gateway, before: stream.count() }, seconds)
  } finally {
    await page.context().close()
    await gateway.stop()
  }
}

async function measure(rig: Rig, seconds: number): Promise<Row[]> {
  const { session, stream } = rig
  await session.send('Emulation.setCPUThrottlingRate', { rate: THROTTLE })
  await publish(rig, 2 * CAPACITY, 5 * RATE)
  const measured = new Map<Phase, Measured[]>(PHASES.map((phase) => [phase, []]))
  const heaps: number[] = []
  const doms: { nodes: number; listeners: number }[] = []
  // The first round is a warm-up: heaps are compared from its end on.
  const rounds = 1 + Math.max(2, Math.round(seconds / ROUND_SECONDS))
  for (let round = 0; round < rounds; round++) {
    for (const phase of PHASES) {
      const one = await measurePhase(rig, phase, (SHARES[phase] * ROUND_SECONDS * RATE) / 100)
      if (round > 0) measured.get(phase)?.push(one)
    }
    heaps.push(await settledHeap(rig))
    doms.push(await domOf(session))
  }
  await session.send('Emulation.setCPUThrottlingRate', { rate: 1 })
  const [first = 0] = heaps
  return [
    ...[...measured].map(([phase, list]) => describePhase(phase, list)),
    {
      ...SOURCE,
      'events sent': stream.count() - rig.before,
      'events counted by the page': await counted(rig),
      'heap MB': heaps.map((heap) => round(heap / 1e6)).join(', '),
      'heap growth %': round((100 * ((heaps.at(-1) ?? 0) - first)) / first),
      'DOM nodes': doms.map(({ nodes }) => nodes).join(', '),
      'event listeners': doms.map(({ listeners }) => listeners).join(', '),
      'load of the machine': round(loadavg()[0] ?? 0),
    },
  ]
}

async function measurePhase(rig: Rig, phase: Phase, events: number): Promise<Measured> {
  const { page, session } = rig
  if (phase === 'paused') await page.getByRole('button', { name: 'Pause', exact: true }).click()
  const chips = await chipsOf(page)
  const busy = await busyMs(session)
  const stop = await recordFrames(page)
  const begin = performance.now()
  let isOver = false
  const acting = phase === 'filtering' ? filterFeed(page, chips, () => isOver) : Promise.resolve()
  await publish(rig, events, RATE)
  const ms = performance.now() - begin
  isOver = true
  const frames = await stop()
  const after = await busyMs(session)
  await acting
  if (phase === 'paused') await page.keyboard.press('n')
  const taken = (kind: keyof typeof busy) => after[kind] - busy[kind]
  return { events, ms, frames, task: taken('task'), script: taken('script') }
}

function describePhase(phase: Phase, list: readonly Measured[]): Row {
  const sum = (of: (one: Measured) => number) => list.reduce((total, one) => total + of(one), 0)
  const frames = list.flatMap((one) => one.frames)
  return {
    feed: phase,
    ...SOURCE,
    seconds: round(sum(({ ms }) => ms) / 1000),
    'events per second': round((1000 * sum(({ events }) => events)) / sum(({ ms }) => ms)),
    ...describeFrames(frames),
    'frames over 33 ms %': round((100 * frames.filter((ms) => ms > 33.4).length) / frames.length),
    'main thread busy %': round((100 * sum(({ task }) => task)) / sum(({ ms }) => ms)),
    'with script %': round((100 * sum(({ script }) => script)) / sum(({ ms }) => ms)),
  }
}

/** Sends events at a steady rate. If it is late, it catches up as fast as this process can. */
async function publish({ gateway, stream }: Rig, events: number, rate: number): Promise<void> {
  const begin = performance.now()
  for (let sent = 0; sent < events; ) {
    await sleep(1000 / FRAMES_PER_SECOND)
    const due = Math.min(events, Math.floor(((performance.now() - begin) / 1000) * rate))
    while (sent < due) {
      const size = Math.min(due - sent, Math.ceil(rate / FRAMES_PER_SECOND) * 2)
      const now = Date.now()
      gateway.publish(Array.from({ length: size }, () => stream.next(now)))
      sent += size
    }
  }
}

/** Returns the heap at the same point between two trims, with everything drawn. */
async function settledHeap(rig: Rig): Promise<number> {
  const { stream, session } = rig
  const missing = () => STEP - (stream.rows() % STEP)
  while (missing() !== STEP) {
    await publish(rig, missing(), 5 * RATE)
  }
  for (const late = performance.now() + SETTLE_MS; (await counted(rig)) < stream.count() - rig.before; )
    if (performance.now() > late) break
    else await sleep(200)
  const heaps: number[] = []
  for (let round = 0; round < 3; round++) heaps.push(await heapOf(session))
  return quantile(heaps, 0)
}

/** Returns how many events the page shows as received. */
async function counted({ page }: Rig): Promise<number> {
  await page.getByRole('tab', { name: 'Stream' }).click()
  const text = (await page.getByText('since this page was opened').textContent()) ?? ''
  await page.getByRole('tab', { name: 'Statistics' }).click()
  return Number(/[\d,.\s’]+(?= since)/.exec(text)?.[0].replace(/\D/g, ''))
}

type Place = { readonly x: number; readonly y: number }
const NOWHERE: Place = { x: 0, y: 0 }
const CHIPS = ['Critical', 'Today', 'Unread'] as const

/**
 * Does what a reader does: types, ticks and clears, again and again. It uses plain keys and clicks, because locators
 * find and check their element each time, which would take more of the slow page than what is measured.
 */
async function filterFeed(page: Page, chips: readonly Place[], isOver: () => boolean): Promise<void> {
  const click = ({ x, y }: Place) => page.mouse.click(x, y)
  const [critical = NOWHERE, today = NOWHERE, unread = NOWHERE] = chips
  const steps = [
    () => page.keyboard.press('/'),
    () => page.keyboard.type('berth', { delay: 150 }),
    () => page.keyboard.press('Escape'),
    ...[critical, today, unread, critical, today, unread].map((chip) => () => click(chip)),
  ]
  for (let step = 0; step % steps.length !== 0 || !isOver(); step++) {
    await steps[step % steps.length]?.()
    await sleep(isOver() ? 0 : 300)
  }
}

/** Returns where the chips are that are clicked. */
async function chipsOf(page: Page): Promise<Place[]> {
  const places: Place[] = []
  for (const name of CHIPS) {
    const box = await page.getByRole('button', { name, exact: true }).boundingBox()
    if (box) places.push({ x: box.x + box.width / 2, y: box.y + box.height / 2 })
  }
  return places
}
