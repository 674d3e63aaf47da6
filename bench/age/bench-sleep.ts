import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, type BrowserServer, chromium } from 'playwright-core'
import { openApp, untilLive } from '../../tests/browser/support/open-app.ts'
import { chromiumPath } from '../../tests/support/chromium-path.ts'
import { createFakeClock, type FakeClock } from '../../tests/support/fake-clock.ts'
import { startStack, type TestStack } from '../../tests/support/start-stack.ts'
import { standStill } from '../crowd/disturbances.ts'
import { type CrowdProcess, faultsOfTally, startCrowd } from '../crowd/start-crowd.ts'
import { type Outcome, type Row, round } from '../measure/measure.ts'
import type { BenchOptions } from '../options.ts'

const RATE = 20
const VIEWERS = 20
const SLEEP_SECONDS = 30
const HOUR = 3600
const RETENTION_MS = 7 * 86_400_000
const PATIENCE_MS = 90_000
const BETWEEN_MS = 5000
const POLL_MS = 100

/**
 * The whole stack with the demo, and a page in Chromium, read a clock that jumps by an hour in either direction; then
 * all of it sleeps (`--sleep`), and the stack alone stalls. After each: how long until every viewer has an event that was
 * posted later, until the demo's next event is delivered, and until the page has the next event. Nothing that was
 * accepted may be lost. Viewers and producer have the right clock, as those on other machines have.
 */
export async function benchSleep(options: BenchOptions): Promise<Outcome> {
  const executablePath = chromiumPath()
  if (executablePath === null) throw new Error('Chromium is not installed')
  const clock = await createFakeClock()
  const stack = await startStack({ args: [], env: clock.env })
  const { httpUrl, socketUrl } = stack
  const viewers = options.viewers?.[0] ?? VIEWERS
  const crowd = startCrowd({ httpUrl, socketUrl, viewers, retentionMs: RETENTION_MS, isNatural: false })
  let server: BrowserServer | null = null
  try {
    server = await chromium.launchServer({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu'],
      env: { ...process.env, ...clock.env },
    })
    const page = await watchPage(await chromium.connect(server.wsEndpoint()), stack)
    await crowd.open()
    await crowd.write(options.rates?.[0] ?? RATE)
    const rows: Row[] = []
    const seconds = options.sleep ?? SLEEP_SECONDS
    const all = [stack.pid(), crowd.pid, server.process().pid ?? 0] as const
    for (const [what, run] of troublesOf(clock, all, seconds)) {
      await sleep(BETWEEN_MS)
      await run()
      const row = { what, ...(await goesOn(crowd, page)) }
      process.stderr.write(`sleep: ${JSON.stringify(row)}\n`)
      rows.push(row)
    }
    await crowd.rest()
    await crowd.settle(PATIENCE_MS)
    const tally = await crowd.tally()
    const stopped = rows.flatMap((row) =>
      Object.entries(row).flatMap(([name, value]) =>
        value === 'never' ? [`${row.what}: ${name} never`] : [],
      ),
    )
    const { accepted, delivered, lost, repeated, outOfOrder, errors } = tally
    const counts = { accepted, delivered, lost, repeated, outOfOrder }
    return {
      rows: [...rows, { ...counts, 'errors of clients': JSON.stringify(errors) }],
      faults: [...faultsOfTally('sleep', tally), ...stopped],
    }
  } finally {
    await crowd.stop()
    await server?.close()
    await stack.dispose()
    await clock.stop()
  }
}

type Trouble = readonly [what: string, run: () => Promise<unknown>]

/** `pids` are the stack, and what else sleeps with it. */
function troublesOf(clock: FakeClock, pids: readonly [number, ...number[]], seconds: number): Trouble[] {
  const jump = async (offset: number) => {
    await clock.set(offset)
    await sleep(2000) // the clock is read from its file once a second
  }
  return [
    ['nothing', async () => {}],
    ['the clock jumps an hour ahead', () => jump(HOUR)],
    ['the clock jumps an hour back', () => jump(0)],
    ['the clock jumps to an hour ago', () => jump(-HOUR)],
    ['the clock is right again', () => jump(0)],
    [`all of it sleeps ${seconds} s`, () => standStill(pids, seconds * 1000)],
    [
      `all of it sleeps ${seconds} s, and the clock is an hour ahead when it wakes`,
      async () => {
        const sleeping = standStill(pids, seconds * 1000)
        await clock.set(HOUR)
        await sleeping
      },
    ],
    ['the clock is right again', () => jump(0)],
    [`the stack alone stands still for ${seconds} s`, () => standStill([pids[0]], seconds * 1000)],
  ]
}

type WatchedPage = { readonly frames: () => number; readonly isLive: () => Promise<boolean> }

/** Opens the page of the market and counts the frames with events that its sockets receive. */
async function watchPage(browser: Browser, { webUrl }: TestStack): Promise<WatchedPage> {
  let frames = 0
  const { page } = await openApp(browser, webUrl)
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      if (String(payload).includes('"type":"events"')) frames++
    }),
  )
  await page.goto(`${webUrl}/market`)
  await untilLive(page)
  return { frames: () => frames, isLive: () => page.locator('.connection-good').isVisible() }
}

/** Seconds until the viewers, the demo and the page go on; `never` if they do not in time. */
async function goesOn(crowd: CrowdProcess, page: WatchedPage): Promise<Row> {
  await crowd.mark()
  const begin = performance.now()
  const viewing = crowd.backLive(PATIENCE_MS)
  const { ofOthers } = await crowd.tally()
  const until = async (isDone: () => Promise<boolean>) => {
    while (performance.now() - begin < PATIENCE_MS) {
      if (await isDone()) return round((performance.now() - begin) / 1000)
      await sleep(POLL_MS)
    }
    return 'never'
  }
  const frames = page.frames()
  const [demo, shown] = await Promise.all([
    until(async () => (await crowd.tally()).ofOthers > ofOthers),
    until(async () => page.frames() > frames && (await page.isLive())),
  ])
  const { max, missing } = await viewing
  return {
    'viewers live s': missing === 0 ? round(max / 1000) : 'never',
    'demo delivered s': demo,
    'page live s': shown,
  }
}
