import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publish } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import type { TestStack } from '../support/start-stack.ts'
import { readServed, startApp, untilLive } from './support/open-app.ts'

/** The titles of all rows of the port's feed, newest first, read by scrolling from its top to its end and back. */
async function readFeed(page: Page): Promise<string[]> {
  return (await page.evaluate(`(async () => {
    const grid = document.querySelector('[role=grid][aria-label=Events]')
    const titles = new Map()
    const rows = () => [...grid.querySelectorAll('.feed-rows [role=row]')]
    // Whether the rows are drawn, because a busy page may be late.
    const isFilled = () => {
      const { top, bottom } = grid.querySelector('.feed-rows').getBoundingClientRect()
      const sight = grid.getBoundingClientRect()
      const [from, to] = [Math.max(top, sight.top), Math.min(bottom, sight.bottom)]
      const boxes = rows().map((row) => row.getBoundingClientRect())
      const covers = (y) => boxes.some((box) => box.top <= y && box.bottom >= y)
      return covers(from + 2) && covers(to - 2)
    }
    const drawn = async () => {
      const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
      for (const late = performance.now() + 5000; ; ) {
        await frame()
        if (isFilled() || performance.now() > late) return
      }
    }
    for (let top = 0; ; top += grid.clientHeight / 2) {
      grid.scrollTop = top
      await drawn()
      for (const row of rows()) {
        const title = row.querySelector('.feed-title')
        if (title) titles.set(Number(row.getAttribute('aria-rowindex')), title.title)
      }
      if (top + grid.clientHeight >= grid.scrollHeight) break
    }
    grid.scrollTop = 0
    await drawn()
    return [...titles].sort(([a], [b]) => a - b).map(([, title]) => title)
  })()`)) as string[]
}

const REPETITIONS = Number(process.env.REPETITIONS ?? 2)
const EVERY_MS = 40
const TELL_MS = 10_000
/** The consumer groups wait 6 s for their killed members; clients and senders back off. */
const RECOVER_MS = 60_000

type Writing = { readonly accepted: string[]; readonly stop: () => Promise<void> }

describe.skipIf(chromiumPath() === null)('kill -9 of the stack under an open page', () => {
  let stack: TestStack
  let page: Page
  let problems: string[]
  const toldAfter: number[] = []
  const liveAfter: number[] = []
  beforeAll(async () => {
    const app = await startApp()
    ;({ stack, page, problems } = app)
    await untilLive(page)
    await page.evaluate('globalThis.isSamePage = true')
    return app.stop
  })
  afterAll(() => {
    if (liveAfter.length > 0)
      process.stdout.write(
        `${liveAfter.length} kills: told after ${Math.round(Math.max(...toldAfter))} ms at most, ` +
          `live ${Math.round(Math.max(...liveAfter))} ms at most after the stack was ready again\n`,
      )
  })

  it('uses the app as it is deployed: the production build, under its policy', async () => {
    const { policy, script } = await readServed(stack.webUrl)

    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('unsafe')
    expect(script).not.toContain('React DevTools')
  })

  it(`reports it within 10 s, recovers by itself and shows neither gap nor repeat, ${REPETITIONS} times`, {
    timeout: REPETITIONS * 2 * RECOVER_MS,
  }, async () => {
    let total = 0
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const word = `kill${repetition}x`
      const writing = write(stack, word)
      await expect.poll(() => writing.accepted.length).toBeGreaterThan(10)
      await killAndRestart(stack, page, { toldAfter, liveAfter })
      const before = writing.accepted.length
      await expect.poll(() => writing.accepted.length, { timeout: RECOVER_MS }).toBeGreaterThan(before + 10)
      await writing.stop()

      total += writing.accepted.length
      await page.getByRole('searchbox').fill(word)
      const count = page.getByText(new RegExp(`^${writing.accepted.length} of `))
      await count.waitFor({ timeout: RECOVER_MS })
      expect((await readFeed(page)).sort()).toEqual([...writing.accepted].sort())
      await page.getByRole('searchbox').fill('')
      // The folds, on the server and in the page, count each event once as well.
      const figure = page.locator('dl > div', { hasText: /^Total/ }).locator('dd')
      await expect.poll(() => figure.textContent(), { timeout: RECOVER_MS }).toBe(total.toLocaleString('en'))
    }
    expect(await page.evaluate('globalThis.isSamePage')).toBe(true)
    expect(problems).toEqual([])
  })
})

type Times = { readonly toldAfter: number[]; readonly liveAfter: number[] }

/** Kills the stack, waits until the page reports it, restarts the stack, and waits until the page is live. */
async function killAndRestart(stack: TestStack, page: Page, { toldAfter, liveAfter }: Times): Promise<void> {
  const killed = performance.now()
  await stack.stop('SIGKILL')
  await page
    .getByText(/Reconnecting…|Offline/)
    .first()
    .waitFor({ timeout: TELL_MS })
  toldAfter.push(performance.now() - killed)
  await stack.start()
  const ready = performance.now()
  await untilLive(page, RECOVER_MS)
  liveAfter.push(performance.now() - ready)
}

/** Writes events with a word in their titles, each until it is accepted, like a careful producer. */
function write({ httpUrl }: TestStack, word: string): Writing {
  const accepted: string[] = []
  let isOver = false
  const running = (async () => {
    for (let n = 0; !isOver; n++) {
      const title = `${word} ${n}`
      const event = {
        id: title.replace(' ', '-'),
        source: '/recovery',
        type: 'port.container.departed',
        data: { title, containerId: `BOX-${n % 12}` },
      }
      while (!(await publish(httpUrl, event).catch(() => null))) await sleep(EVERY_MS)
      accepted.push(title)
      await sleep(EVERY_MS)
    }
  })()
  return {
    accepted,
    stop: () => {
      isOver = true
      return running
    },
  }
}
