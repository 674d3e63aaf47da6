import type { Locator, Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { publish } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import type { TestStack } from '../support/start-stack.ts'
import { goLive, overflowOf, startApp, untilLive } from './support/open-app.ts'

const ZONE = 'Asia/Kolkata'
const A4 = { width: 794, height: 1123 }
const MINUTE = 60_000

/** Real notifications, and a list of them with whether the browser has shown them. */
const NOTE_NOTIFICATIONS = `globalThis.notified = []
const Real = Notification
globalThis.Notification = class extends Real {
  constructor(title, options) {
    super(title, options)
    const note = { title, body: options.body, isShown: false }
    this.addEventListener('show', () => { note.isShown = true })
    notified.push(note)
  }
}`
/** A page of a browser without windows is never hidden by itself. */
const hide = (isHidden: boolean) =>
  `Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${isHidden} })`

describe.skipIf(chromiumPath() === null)('what reaches readers beside the screen, in Chromium', () => {
  let stack: TestStack
  let page: Page
  let problems: string[]
  const now = Math.floor(Date.now() / MINUTE) * MINUTE
  beforeAll(async () => {
    const app = await startApp({ as: 'operator', timezoneId: ZONE })
    ;({ stack, page, problems } = app)
    await page.context().grantPermissions(['notifications'])
    await page.context().addInitScript(NOTE_NOTIFICATIONS)
    await tick(101.37, now - 2 * MINUTE)
    await tick(102.5, now)
    return app.stop
  })
  const tick = (price: number, time = Date.now()) =>
    publish(stack.httpUrl, {
      type: 'market.tick',
      subject: 'ACME',
      time: new Date(time).toISOString(),
      data: { symbol: 'ACME', price, volume: 100 },
    })
  const alarm = (title: string) =>
    publish(stack.httpUrl, {
      type: 'port.notice',
      category: 'port.port',
      severity: 'critical',
      data: { title },
    })
  const notified = () => page.evaluate('notified.toSorted((a, b) => a.title < b.title ? -1 : 1)')

  it('are notifications of alerts and of critical events, while the page is hidden', async () => {
    await goLive(page, `${stack.webUrl}/market/alerts?symbol=ACME`)
    await page.getByRole('button', { name: 'Turn notifications on' }).click()
    await page.getByRole('form', { name: 'New alert' }).getByLabel('Price').fill('120')
    await page.keyboard.press('Enter')
    await page.getByRole('row', { name: /ACME: Price at or above 120\.00/ }).waitFor()
    await page.getByRole('link', { name: /^Port operations/ }).click()
    await page.locator('.feed').waitFor()
    await untilLive(page)
    await alarm('Seen by the reader')
    await page.getByRole('row').filter({ hasText: 'Seen by the reader' }).first().waitFor()
    expect(await notified()).toEqual([])

    await page.evaluate(hide(true))
    await tick(121)
    await alarm('Storm surge')

    const alert = { title: 'ACME traded at 121.00', body: 'Your alert: price at or above 120.00.' }
    const critical = { title: 'Critical event in the port', body: 'Storm surge' }
    await expect.poll(notified).toEqual([alert, critical].map((note) => ({ ...note, isShown: true })))
    await page.evaluate(hide(false))
  })

  it('are the numbers of the candle under the pointer', async () => {
    await goLive(page, `${stack.webUrl}/market?symbol=ACME`)
    const legend = page.locator('.candle-legend')
    await legend.getByText('121.00').first().waitFor()
    const box = await boxOf(page.locator('.candle-canvas'))

    await expect.poll(() => sweep(page, box, () => legend.getByText('101.37').count())).toBeGreaterThan(0)
    await page.mouse.move(0, 0)
    await legend.getByText('121.00').first().waitFor()
  })

  it('are times in the zone of the reader or in UTC, in the table, beside the chart and on its axis', async () => {
    await goLive(page, `${stack.webUrl}/market/history?symbol=ACME`)
    const canvas = page.locator('.candle-canvas')
    const row = page.getByRole('row').filter({ hasText: '121.00' }).first()
    const begin = (await row.locator('time').getAttribute('datetime')) ?? ''
    const sayIn = (timeZone: string) =>
      new Date(begin).toLocaleTimeString('en', { timeZone, hourCycle: 'h23' })
    await row.getByText(sayIn(ZONE)).waitFor()
    const local = await canvas.screenshot()

    await page.getByRole('button', { name: 'Times are local: show UTC' }).click()
    await row.getByText(`${sayIn('UTC')} UTC`).waitFor()
    await expect.poll(async () => local.equals(await canvas.screenshot())).toBe(false)

    await page.getByRole('button', { name: 'Times are in UTC: show local times' }).click()
    await row.getByText(sayIn(ZONE)).waitFor()
    await expect.poll(async () => local.equals(await canvas.screenshot())).toBe(true)
  })

  it('are printed pages, with all content and without controls', async () => {
    await publish(stack.httpUrl, {
      type: 'sensor.reading',
      data: { sensorId: 'quay-1', temperature: 20, humidity: 60 },
    })
    await publish(stack.httpUrl, {
      type: 'blog.post.created',
      data: { postId: 'p-1', title: 'Fog', author: 'bo' },
    })
    for (const [path, content] of [
      ['/port', page.getByRole('row').filter({ hasText: 'Storm surge' })],
      ['/market?symbol=ACME', page.locator('.watch').getByRole('row').filter({ hasText: 'ACME' })],
      ['/market/history?symbol=ACME', page.getByRole('row').filter({ hasText: '121.00' })],
      ['/sensors', page.getByRole('table').first()],
      ['/blog', page.getByRole('row').filter({ hasText: 'Fog' })],
    ] as const) {
      await goLive(page, stack.webUrl + path)
      await page.emulateMedia({ media: 'print' })
      await page.setViewportSize(A4)
      await content.first().waitFor()
      const isSeen = (selector: string) => page.locator(selector).first().isVisible()
      const seen = [await isSeen('.nav'), await isSeen('.top-bar'), await isSeen('[role=search], search')]
      expect([path, ...seen, await overflowOf(page)]).toEqual([path, false, false, false, 0])
      await page.emulateMedia({ media: 'screen' })
    }
    expect(problems).toEqual([])
  })
})

type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

async function boxOf(locator: Locator): Promise<Box> {
  const box = await locator.boundingBox()
  if (box === null) throw new Error('there is nothing to point at')
  return box
}

/** Moves the pointer over a chart, from its newest end to its oldest, until something is found. */
async function sweep(page: Page, { x, y, width, height }: Box, find: () => Promise<number>): Promise<number> {
  for (let at = width; at > 0; at -= 6) {
    await page.mouse.move(x + at, y + height / 3)
    const found = await find()
    if (found > 0) return found
  }
  return 0
}
