import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { publishBatch } from '../../tests/support/api.ts'
import type { TestStack } from '../../tests/support/start-stack.ts'
import { quantile, type Row, round } from '../measure/measure.ts'
import { observeVitals, readVitals } from './page-probe.ts'
import { createPortStream } from './port-stream.ts'

const RATE = 200
const BATCHES_PER_SECOND = 10
const LOADS = 5

/**
 * Measures the web vitals of the signed-in port page while 200 events per second come through the whole local stack,
 * on the same machine. Clicks and keys are real ones, given by the browser.
 */
export async function vitalsUnderLoad(page: Page, stack: TestStack): Promise<Row> {
  let isOver = false
  const posting = post(stack, () => isOver)
  try {
    await observeVitals(page)
    const loads: number[] = []
    const shifts: number[] = []
    for (let load = 0; load < LOADS; load++) {
      await page.reload()
      await page.getByText('Live', { exact: true }).first().waitFor()
      await sleep(2000)
      const { lcp, cls } = await readVitals(page)
      loads.push(lcp)
      shifts.push(cls)
    }
    const shown = await page.locator('.feed-count').textContent()
    const tasks = await use(page)
    const { cls, interactions, slowest } = await readVitals(page)
    const durations = Object.values(interactions)
    return {
      'events from': 'the whole local stack',
      'events per second': RATE,
      'median LCP ms': round(quantile(loads, 0.5)),
      'maximum LCP ms': round(Math.max(...loads)),
      'maximum CLS': round(Math.max(...shifts, cls)),
      'INP ms': round(quantile(durations, 0.98)),
      'median interaction ms': round(quantile(durations, 0.5)),
      slowest: slowest || 'under 16 ms',
      interactions: tasks,
      'of them over 16 ms': durations.length,
      'feed at the beginning': shown ?? '',
      'load of the machine': round(loadavg()[0] ?? 0),
    }
  } finally {
    isOver = true
    await posting
  }
}

/** Uses everything on the page by mouse and keys. Returns the number of interactions. */
async function use(page: Page): Promise<number> {
  let count = 0
  const press = async (...keys: string[]) => {
    for (const key of keys) {
      await page.keyboard.press(key, { delay: 20 })
      count++
      await sleep(150)
    }
  }
  const click = async (name: string | RegExp, role: 'button' | 'tab' = 'button') => {
    await page.getByRole(role, { name }).first().click({ delay: 20 })
    count++
    await sleep(200)
  }
  for (let round = 0; round < 3; round++) {
    await press('j', 'j', 'k', 'o')
    await press('Escape', 'n', '/', ...'berth', 'Escape')
    await click(/^Critical$/)
    await click(/^Critical$/)
    await click(/^Unread$/)
    await click(/^Unread$/)
    await click('Berths', 'tab')
    await click('Stream', 'tab')
    await click('Statistics', 'tab')
    await press('Space', 'Space', 'Control+k')
    await press(...'mark', 'Escape')
    await press('?', 'Escape')
  }
  return count
}

async function post({ httpUrl }: TestStack, isOver: () => boolean): Promise<void> {
  const stream = createPortStream(2)
  const begin = performance.now()
  for (let batch = 0; !isOver(); batch++) {
    await sleep(Math.max(0, begin + (batch * 1000) / BATCHES_PER_SECOND - performance.now()))
    const now = Date.now()
    const events = Array.from({ length: RATE / BATCHES_PER_SECOND }, () => stream.next(now).event)
    await publishBatch(
      httpUrl,
      events.filter(({ type }) => !type.startsWith('port.lifecycle.')),
    )
  }
}
