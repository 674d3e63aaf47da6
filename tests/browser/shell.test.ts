import type { Page, Request } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { publish } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import type { TestStack } from '../support/start-stack.ts'
import { axeViolations, overflowOf, readServed, startApp, untilLive } from './support/open-app.ts'

describe.skipIf(chromiumPath() === null)('the shell of the dashboard in Chromium', () => {
  let stack: TestStack
  let page: Page
  let problems: string[]
  beforeAll(async () => {
    const app = await startApp()
    ;({ stack, page, problems } = app)
    await untilLive(page)
    return app.stop
  })

  it('opens the first panel, under a policy without inline scripts and styles', async () => {
    const { policy } = await readServed(stack.webUrl)

    expect(new URL(page.url()).pathname).toBe('/port')
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('unsafe')
    const { HTTP_PORT, WS_PORT, IDENTITY_PORT } = stack.ports
    const own = `'self' http://localhost:${HTTP_PORT} ws://localhost:${WS_PORT} http://127.0.0.1:${IDENTITY_PORT}`
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        `connect-src ${own}`,
        "frame-ancestors 'none'",
        "base-uri 'none'",
      ]),
    )
  })

  it('is the production build, however the stack was started', async () => {
    const { script } = await readServed(stack.webUrl)

    expect(script.length).toBeGreaterThan(100_000)
    expect(script).not.toContain('React DevTools')
  })

  it('opens every page with the palette, with the keyboard only', async () => {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Go to a page' }).fill('berths')
    await page.keyboard.press('Enter')

    await expect.poll(() => page.url()).toContain('/port?view=berths')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('shows its shortcuts, and can be set to have none', async () => {
    await page.keyboard.press('?')
    const overview = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await overview.getByText('Open the command palette').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await overview.getByRole('checkbox').uncheck()
    await page.keyboard.press('Escape')
    await overview.waitFor({ state: 'hidden' })
    await page.keyboard.press('?')
    expect(await overview.count()).toBe(0)

    await page.getByRole('button', { name: 'Keyboard shortcuts (?)' }).click()
    await overview.getByRole('checkbox').check()
    await page.keyboard.press('Escape')
  })

  it('saves the theme and the time zone', async () => {
    await page.getByRole('button', { name: /Preferences/ }).click()
    await page.getByRole('menuitemradio', { name: 'Dark' }).click()
    await page.getByRole('menuitemradio', { name: 'UTC' }).click()
    expect(await axeViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.reload()

    await page.getByRole('button', { name: 'Times are in UTC: show local times' }).waitFor()
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark')
  })

  it('is reachable on a phone, and shows the documentation of the API', async () => {
    await page.setViewportSize({ width: 360, height: 740 })
    await page.getByRole('link', { name: 'API' }).click()
    await page.getByRole('heading', { name: /API$/ }).waitFor()

    expect(await overflowOf(page)).toBeLessThanOrEqual(0)
    expect(await axeViolations(page)).toEqual([])
    await page.getByRole('link', { name: /Port/ }).click()
    await page.setViewportSize({ width: 1440, height: 900 })
  })

  it('shows events where sockets are refused, and holds one request at a time for all of its views', async () => {
    const other = await page.context().newPage()
    await other.addInitScript('globalThis.WebSocket = class { constructor() { throw new Error("refused") } }')
    const held = new Set<Request>()
    other.on('request', (request) => {
      if (new URL(request.url()).searchParams.has('wait')) held.add(request)
    })
    other.on('requestfinished', (request) => held.delete(request))
    other.on('requestfailed', (request) => held.delete(request))
    await other.goto(`${stack.webUrl}/port`)
    await other.getByText('Polling').first().waitFor()
    await expect.poll(() => held.size).toBe(1)

    const title = 'Seen without a socket'
    await publish(stack.httpUrl, {
      type: 'port.container.departed',
      data: { title, containerId: 'BOX-1' },
    })

    await other.getByText(title).first().waitFor()
    await expect.poll(() => held.size).toBe(1)
    await other.close()
  })

  it('reports that the stack is gone, and recovers by itself', async () => {
    await stack.stop('SIGKILL')
    await page
      .getByText(/Reconnecting…|Offline/)
      .first()
      .waitFor()
    await stack.start()

    await untilLive(page)

    expect(problems).toEqual([])
  })
})
