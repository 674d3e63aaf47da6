import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page, Request } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { startTcpProxy } from '../faults/proxies/tcp-proxy.ts'
import { publish } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import type { TestStack } from '../support/start-stack.ts'
import { newContext, PICTURES, signInAs, startApp, untilLive } from './support/open-app.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

describe.skipIf(chromiumPath() === null)('a page that stays open', () => {
  let stack: TestStack
  let browser: Browser
  let page: Page
  let problems: string[]
  const refreshes: string[] = []
  const row = (title: string) => page.getByRole('row').filter({ hasText: title })
  const ages = () => page.locator('.connection-age').textContent()
  const isRefresh = (request: Request) =>
    request.method() === 'POST' && new URL(request.url()).port === String(stack.ports.IDENTITY_PORT)
  async function happen(id: string) {
    const data = { title: id, containerId: 'BOX-1' }
    const event = { id, source: '/age', type: 'port.container.departed', data }
    await publish(stack.httpUrl, event)
    await row(id).first().waitFor()
  }
  beforeAll(async () => {
    const app = await startApp({ as: null, path: '/port' })
    ;({ stack, browser, page, problems } = app)
    await page.clock.install({ time: Date.now() })
    page.on('request', (request) => {
      if (isRefresh(request)) refreshes.push(request.url())
    })
    await page.reload()
    await signInAs(page, 'operator')
    await untilLive(page)
    await page.evaluate('globalThis.isSamePage = true')
    await happen('Before the sleep')
    refreshes.length = 0
    return app.stop
  })

  it('goes on by itself after three days of sleep, with a token that is refreshed once', async () => {
    await page.clock.fastForward(3 * DAY_MS)
    await untilLive(page)
    await happen('After the sleep')

    await row('Before the sleep')
      .getByText(/^[A-Z][a-z]{2} \d\d, \d\d:\d\d$/)
      .waitFor()
    await expect.poll(() => refreshes.length).toBeGreaterThan(0)
    expect(refreshes.length).toBeLessThanOrEqual(2)
    expect(await page.evaluate('globalThis.isSamePage')).toBe(true)
  })

  it('shows under “Today” what is of today, also after midnight', async () => {
    await page.clock.setSystemTime(Date.now())
    await page.getByRole('button', { name: 'Today' }).click()
    await row('After the sleep').waitFor()

    await page.clock.setSystemTime(Date.now() + DAY_MS)
    await page.getByText('No event passes the filter').waitFor()
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await row('After the sleep').waitFor()
  })

  it.each([-HOUR_MS, HOUR_MS])('stays live when the time of day is set by %d ms', async (byMs) => {
    const [before, tokens] = [await page.evaluate('Date.now()'), refreshes.length]
    await page.clock.setSystemTime(Number(before) + byMs)
    await happen(`Set by ${byMs}`)
    await untilLive(page)

    await expect.poll(ages).toMatch(/just now|\d+ s ago/)
    expect(await page.locator('body').textContent()).not.toMatch(/-\d+ (s|min|h|days)\b/)
    expect(refreshes.length - tokens).toBeLessThanOrEqual(2)
  })

  it('checks a socket that died in silence as soon as the page returns: one ping, and one other socket', async () => {
    const { page: own, proxy, sockets, close } = await openBehindProxy({ stack, browser })
    expect(sockets).toHaveLength(1)
    await own.evaluate(RETURN)
    await expect.poll(() => sockets[0]?.pings).toBe(1)
    await sleep(1100) // a burst is what comes within a second

    proxy.forget()
    const began = performance.now()
    await own.evaluate(RETURN)
    await expect.poll(() => sockets.length, { timeout: 60_000 }).toBe(2)
    process.stdout.write(
      `another socket ${Math.round(performance.now() - began)} ms after the page returned\n`,
    )
    expect(sockets[0]?.pings).toBe(2)
    await untilLive(own)

    await own.context().setOffline(true)
    await own.getByText('Offline').first().waitFor()
    await own.context().setOffline(false)
    await untilLive(own)
    await close()
  })

  it('says within moments that a server has stopped, and goes on with it', async () => {
    process.kill(stack.pid(), 'SIGSTOP')
    try {
      await page.clock.fastForward(10 * 60_000)
      await page
        .getByText(/Stale|Reconnecting…|Offline/)
        .first()
        .waitFor()
      await page.screenshot({ path: `${PICTURES}/server-asleep.png` })
    } finally {
      process.kill(stack.pid(), 'SIGCONT')
    }
    await untilLive(page)
    await happen('After the server slept')
    expect(await page.evaluate('globalThis.isSamePage')).toBe(true)
    expect(problems).toEqual([])
  })

  it('says of an event that the server does not keep that it is not here', async () => {
    await page.goto(`${stack.webUrl}/port?event=long-ago`)
    await page.getByText('This event is not here').waitFor()
  })

  it('asks to sign in when nothing can be refreshed any more, and keeps what was open', async () => {
    await page.route('**/*', (route) =>
      isRefresh(route.request())
        ? route.fulfill({
            status: 400,
            json: { __type: 'NotAuthorizedException', message: 'Refresh Token has expired' },
          })
        : route.continue(),
    )
    await page.goto(`${stack.webUrl}/port?severity=info&event=After%20the%20sleep`)
    await untilLive(page)
    await page.clock.fastForward(31 * DAY_MS)
    await page.getByText('Your session has ended. Sign in again.').waitFor()
    await page.unroute('**/*')
    await signInAs(page, 'operator')
    await untilLive(page)
    const open = Object.fromEntries(new URL(page.url()).searchParams)
    expect(open).toEqual({ severity: 'info', event: 'After the sleep' })
    await page.getByRole('heading', { name: 'After the sleep' }).waitFor()
  })
})

/** Opens the app in another context, with its socket behind a proxy that can forget it. */
async function openBehindProxy({
  stack,
  browser,
}: Pick<Awaited<ReturnType<typeof startApp>>, 'stack' | 'browser'>) {
  const proxy = await startTcpProxy(() => stack.ports.WS_PORT ?? 0, 1)
  const context = await newContext(browser, { bypassCSP: true })
  const page = await context.newPage()
  const sockets: { pings: number }[] = []
  page.on('websocket', (socket) => {
    const own = { pings: 0 }
    sockets.push(own)
    socket.on('framesent', ({ payload }) => {
      if (String(payload).includes('"ping"')) own.pings++
    })
  })
  const config = await (await fetch(new URL('/config.json', stack.webUrl))).json()
  const socketUrl = `ws://localhost:${proxy.port}`
  await page.route('**/config.json', (route) => route.fulfill({ json: { ...(config as object), socketUrl } }))
  await page.goto(stack.webUrl)
  await signInAs(page, 'operator')
  await untilLive(page)
  const close = async () => {
    await context.close()
    await proxy.stop()
  }
  return { page, proxy, sockets, close }
}

/** What a browser fires when a page that was away is seen again. */
const RETURN = `document.dispatchEvent(new Event('visibilitychange'))
  dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
  dispatchEvent(new Event('focus'))
  dispatchEvent(new Event('online'))`
