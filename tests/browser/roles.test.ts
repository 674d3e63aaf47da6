import type { Browser, Page, Response } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { ROLES, type Role } from '#shared/core/access/role.ts'
import { publish } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import { addressOf, bearer } from '../support/sign-in.ts'
import type { TestStack } from '../support/start-stack.ts'
import { goLive, openApp, startApp, untilLive } from './support/open-app.ts'

const MARKET = ['', '/trading', '/portfolio', '/alerts', '/history', '/volume']
const PLACES = [
  '/port',
  '/port?view=statistics',
  '/port?view=berths',
  '/port?view=stream',
  ...MARKET.map((tab) => `/market${tab}?symbol=ACME`),
  '/sensors',
  '/blog',
  '/docs',
]

describe.skipIf(chromiumPath() === null)('the pages of each role in Chromium', () => {
  let stack: TestStack
  let browser: Browser
  beforeAll(async () => {
    const app = await startApp({ as: null, prepare: fill })
    ;({ stack, browser } = app)
    return app.stop
  })

  async function fill({ httpUrl }: TestStack) {
    await publish(httpUrl, { type: 'port.container.damaged', subject: 'MSKU-1', data: { title: 'Dent' } })
    await publish(httpUrl, { type: 'sensor.reading', data: { sensorId: 'quay-1', temperature: 20 } })
    await publish(httpUrl, { type: 'blog.post.created', data: { postId: 'p1', title: 'Hello' } })
    await publish(httpUrl, { type: 'market.tick', data: { symbol: 'ACME', price: 100, volume: 10 } })
  }
  async function place(role: Role, limit: number) {
    const data = { orderId: `o-${limit}`, symbol: 'ACME', side: 'buy', kind: 'limit', quantity: 7, limit }
    const response = await fetch(`${stack.httpUrl}/events`, {
      method: 'POST',
      headers: { ...(await bearer(stack, role)), 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'market.order.placed', data }),
    })
    expect(response.status).toBe(202)
  }
  const bookOf = (page: Page) => page.getByRole('region', { name: 'Waiting for ACME', exact: true })

  it.each(ROLES)('the role %s sees every page without a refusal', async (role) => {
    const { page, problems } = await openApp(browser, stack.webUrl, { as: role })
    const refused: string[] = []
    page.on('response', (response: Response) => {
      if ([401, 403].includes(response.status())) refused.push(`${response.status()} ${response.url()}`)
    })
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => {
        if (String(payload).includes('"type":"error"')) refused.push(String(payload))
      }),
    )
    await goLive(page, `${stack.webUrl}/port`)
    for (const path of PLACES) {
      await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`)
      await expect.poll(() => page.url()).toContain(path)
      await untilLive(page)
      expect.soft([path, await page.getByText('You cannot see').count()]).toEqual([path, 0])
    }

    expect(refused).toEqual([])
    expect(problems).toEqual([])
    await page.context().close()
  })

  it.each(['viewer', 'admin'] as const)(
    'the role %s sees the orders of others in the book, as they come, without their names',
    async (role) => {
      const [first, second] = role === 'viewer' ? [90.25, 91.5] : [80.25, 81.5]
      await place('operator', first)
      const { page } = await openApp(browser, stack.webUrl, { as: role })
      await goLive(page, `${stack.webUrl}/market/trading?symbol=ACME`)
      await bookOf(page)
        .getByRole('row', { name: new RegExp(`^${first.toFixed(2)}`) })
        .waitFor()

      await place('operator', second)
      await publish(stack.httpUrl, { type: 'market.tick', data: { symbol: 'ACME', price: 100, volume: 10 } })

      await bookOf(page)
        .getByRole('row', { name: new RegExp(`^${second.toFixed(2)}`) })
        .waitFor()
      expect(await page.content()).not.toContain(addressOf('operator'))
      await page.context().close()
    },
  )
})
