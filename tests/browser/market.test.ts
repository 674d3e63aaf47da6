import type { Browser, Locator, Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { publish, publishBatch } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import type { TestStack } from '../support/start-stack.ts'
import { axeViolations, goLive, openApp, startApp } from './support/open-app.ts'

describe.skipIf(chromiumPath() === null)('the market in Chromium', () => {
  let stack: TestStack
  let browser: Browser
  let page: Page
  let problems: string[]
  beforeAll(async () => {
    const app = await startApp({ as: 'operator' })
    ;({ stack, browser, page, problems } = app)
    return app.stop
  })

  const tick = (symbol: string, price: number, volume = 100) =>
    publish(stack.httpUrl, { type: 'market.tick', subject: symbol, data: { symbol, price, volume } })
  const goTo = (place: string) => goLive(page, `${stack.webUrl}/market${place}`)
  const card = (title: string): Locator => page.getByRole('region', { name: title, exact: true })
  const ticket = () => page.getByRole('form', { name: 'Order' })

  it('shows that nothing was traded, until there is a trade', async () => {
    await goTo('')
    await page.getByText('Nothing has been traded yet').waitFor()
    expect(await axeViolations(page)).toEqual([])

    await tick('ACME', 101.37, 1200)

    await expect.poll(() => page.url()).toContain('symbol=ACME')
    await card('Watch list').getByRole('cell', { name: '101.37' }).waitFor()
    await page.getByRole('img', { name: 'Candles of ACME, 1m: 1, the last one closed at 101.37' }).waitFor()
    await expect.poll(() => card('ACME, 1m').locator('canvas').count()).toBeGreaterThan(0)
  })

  it('shows prices as they change, and keeps symbol and interval in the address', async () => {
    await tick('BRIG', 23.8)
    await tick('ACME', 100.5)
    await card('Watch list').getByRole('cell', { name: '100.50' }).waitFor()
    await card('Watch list').getByRole('button', { name: 'BRIG' }).click()
    await page.getByRole('radio', { name: '5m', exact: true }).focus()
    await page.keyboard.press('Space')
    await card('BRIG, 5m').getByText('23.80').first().waitFor()

    expect(new URL(page.url()).search).toBe('?symbol=BRIG&interval=5m')
    await page.getByLabel('Find a symbol').fill('zz')
    await page.getByRole('button', { name: 'Show all symbols' }).click()
    await page.getByRole('button', { name: 'Show all symbols' }).waitFor({ state: 'hidden' })
    await page.reload()
    await card('BRIG, 5m').waitFor()
  })

  it('moves between tabs with the arrow keys, and keeps the focus there', async () => {
    await page.getByRole('tab', { name: 'Dashboard' }).focus()
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => new URL(page.url()).pathname).toBe('/market/trading')

    await expect.poll(() => page.evaluate('document.activeElement?.textContent')).toBe('Trading')
  })

  it('shows the errors of an order ticket, and its cost', async () => {
    await goTo('/trading?symbol=ACME')
    await ticket().getByRole('button', { name: 'Buy' }).click()
    await ticket().getByText('Enter a whole number from 1 to 1,000,000.').waitFor()
    expect(await axeViolations(page)).toEqual([])

    await ticket().getByLabel('Shares').fill('10')
    await ticket().getByText('1,005.00').waitFor()
    await ticket().getByLabel('Shares').fill('5000')
    await ticket()
      .getByText(
        'At the last price this costs 502,500.00, and 100,000.00 of the cash is free: it would be rejected.',
      )
      .waitFor()
  })

  it('buys with the mouse, and shows the result below the button and in the portfolio', async () => {
    await ticket().getByLabel('Shares').fill('10')
    await ticket().getByRole('button', { name: 'Buy 10 ACME' }).click()
    await page.getByText('Filled. Bought 10 ACME at 100.50 for 1,005.00.').waitFor()

    await page.getByRole('tab', { name: 'Portfolio' }).click()
    await tick('ACME', 110.25)

    const row = card('Positions').getByRole('row', { name: /ACME/ })
    await row.getByText('+97.50').waitFor()
    expect(await row.textContent()).toContain('1,102.50')
    await card('My account').getByText('98,995.00').waitFor()
    await expect.poll(() => card('My account').textContent()).toContain('100,097.50')
  })

  it('places a limit order and cancels it, with the keyboard only', async () => {
    await goTo('/trading?symbol=ACME')
    await ticket().getByRole('radio', { name: 'Buy' }).focus()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Tab')
    await page.keyboard.type('3')
    await page.keyboard.press('Tab')
    await page.keyboard.type('90.1234')
    await page.keyboard.press('Enter')
    await page.getByText('Open. It waits for 90.1234.').waitFor()
    await ticket().getByText('270.3702').first().waitFor()
    await card('Waiting for ACME').getByText('90.1234').waitFor()

    await card('Open orders')
      .getByRole('button', { name: /^Cancel/ })
      .focus()
    await page.keyboard.press('Enter')

    await page.getByText('No order is open').waitFor()
    await page.getByText('Cancelled.', { exact: true }).waitFor()
  })

  it('predicts a rejection, and shows its reason when it happens', async () => {
    const reason = '500 ACME cannot be sold: 10 are held.'
    await ticket().getByRole('radio', { name: 'Sell' }).check({ force: true })
    await ticket().getByRole('radio', { name: 'At market' }).check({ force: true })
    await ticket().getByLabel('Shares').fill('500')
    await ticket().getByText(reason).waitFor()
    await ticket().getByRole('button', { name: 'Sell 500 ACME' }).click()

    await page.getByText(`Rejected. ${reason}`).waitFor()
    expect(await axeViolations(page)).toEqual([])
  })

  it('lists own orders with a filter, and the candles of a period', async () => {
    await goTo('/history?symbol=ACME')
    await card('My orders').getByRole('button', { name: 'Rejected' }).click()
    await expect.poll(() => card('My orders').getByRole('row').count()).toBe(2)
    expect(page.url()).toContain('orders=rejected')
    await card('My orders').getByRole('button', { name: 'Being checked' }).click()
    await page.getByRole('button', { name: 'Show all orders' }).click()
    await expect.poll(() => card('My orders').getByRole('row').count()).toBe(4)

    const candles = page.getByRole('group', { name: 'Candles, newest first' })
    await candles.getByRole('row', { name: /110\.25/ }).waitFor()
    await page.getByRole('button', { name: 'Earlier' }).click()
    await page.getByText('No trades of ACME in this period').waitFor()
    await page.getByRole('button', { name: 'Latest' }).click()
    await candles.waitFor()
  })

  it('reports an alert once, on any page, and counts it until it is seen', async () => {
    await goTo('/alerts?symbol=ACME')
    const form = page.getByRole('form', { name: 'New alert' })
    await form.getByRole('button').click()
    await form.getByText('Enter a price above 0').waitFor()
    await form.getByLabel('Price').fill('120')
    await page.keyboard.press('Enter')
    const row = card('My alerts').getByRole('row', { name: /ACME: Price at or above 120\.00/ })
    await row.getByText('Watching').waitFor()

    await page.getByRole('tab', { name: 'Volume' }).click()
    await tick('ACME', 121)

    await page.getByText('ACME traded at 121.00').waitFor()
    await page.getByRole('link', { name: /Market 1 new alert/ }).waitFor()
    await page.getByRole('tab', { name: /Alerts/ }).click()
    await row.getByText('Triggered').waitFor()
    await page.getByRole('button', { name: 'Mark 1 as seen' }).click()
    await page.getByRole('link', { name: /new alert/ }).waitFor({ state: 'detached' })

    await row.getByRole('button', { name: /Delete the alert/ }).click()
    await page.getByText('No alerts', { exact: true }).waitFor()
  })

  it('requests permission for notifications only on a click', async () => {
    await page.context().grantPermissions(['notifications'])
    await card('Notifications').getByRole('button', { name: 'Turn notifications on' }).click()

    await card('Notifications').getByRole('button', { name: 'Turn notifications off' }).waitFor()
  })

  it('compares volume with the average of the minutes before', async () => {
    const minute = (ago: number, volume: number, price: number) => ({
      specversion: '1.0',
      id: `m-${ago}`,
      source: '/minutes',
      type: 'market.tick',
      subject: 'TIDE',
      time: new Date(Date.now() - ago * 60_000).toISOString(),
      data: { symbol: 'TIDE', price, volume },
    })
    await publishBatch(stack.httpUrl, [
      minute(9, 100, 10),
      minute(8, 200, 11),
      minute(7, 300, 12),
      minute(6, 1200, 14),
    ])
    await goTo('/volume?symbol=TIDE')

    await page.getByText('6.00 × average').waitFor()

    await expect
      .poll(() => card('Volume of TIDE').textContent())
      .toMatch(/High[\s\S]*Rising[\s\S]*\+\d\.\d\d/)
    await card('Volume by price')
      .getByRole('row', { name: /1,200 66\.7 %/ })
      .waitFor()
  })

  it('lets a viewer trade and be alerted in their own name, and shows their account alone', async () => {
    const { page: viewer, problems: found } = await openApp(browser, stack.webUrl, { as: 'viewer' })
    await goLive(viewer, `${stack.webUrl}/market/trading?symbol=ACME`)
    const form = viewer.getByRole('form', { name: 'Order' })
    await form.getByLabel('Shares').fill('2')
    await form.getByRole('button', { name: 'Buy 2 ACME' }).click()
    await viewer.getByText(/Filled\. Bought 2 ACME/).waitFor()
    expect(await axeViolations(viewer)).toEqual([])

    // The account of the admin, who has traded above, is another one.
    await goLive(viewer, `${stack.webUrl}/market/portfolio`)
    const held = viewer.getByRole('row', { name: /ACME/ }).first()
    await expect.poll(() => held.textContent()).toMatch(/^ACME2/)
    await goLive(viewer, `${stack.webUrl}/market/history?symbol=ACME`)
    const orders = viewer.getByRole('group', { name: 'My orders' })
    await expect.poll(() => orders.getByRole('row').count()).toBe(2)

    await goLive(viewer, `${stack.webUrl}/market/alerts?symbol=ACME`)
    await viewer.getByRole('form', { name: 'New alert' }).getByLabel('Price').fill('5000')
    await viewer.keyboard.press('Enter')
    const row = viewer.getByRole('row', { name: /ACME: Price at or above/ })
    await row.getByText('Watching').waitFor()
    await row.getByRole('button', { name: /Delete the alert/ }).click()
    await viewer.getByText('No alerts', { exact: true }).waitFor()
    expect(found).toEqual([])
    await viewer.context().close()
  })

  it('disables actions on stale data, and recovers by itself', async () => {
    await goTo('/trading?symbol=ACME')
    await ticket().getByLabel('Shares').fill('1')
    await page.context().setOffline(true)
    await ticket().getByText('what you see may be out of date').waitFor()
    await ticket().getByRole('button', { name: 'Buy 1 ACME' }).click({ force: true })
    expect(await axeViolations(page)).toEqual([])
    await tick('ACME', 99.75)
    await page.context().setOffline(false)
    await page.getByText('99.75').first().waitFor()

    await ticket().getByRole('button', { name: 'Buy 1 ACME' }).click()
    await page.getByText('Filled. Bought 1 ACME at 99.75').waitFor()

    expect(problems).toEqual([])
  })
})
