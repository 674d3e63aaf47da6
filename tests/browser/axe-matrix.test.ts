import type { Browser, BrowserContext, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blog } from '#shared/domain/blog/blog.ts'
import { market } from '#shared/domain/market/market.ts'
import { port } from '#shared/domain/port/port.ts'
import { sensors } from '#shared/domain/sensors/sensors.ts'
import { publishBatch } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import { addressOf, callIdentity, PASSWORD } from '../support/sign-in.ts'
import type { TestStack } from '../support/start-stack.ts'
import { checkLooks, LOOK_COUNT } from './support/check-looks.ts'
import { openApp } from './support/open-app.ts'
import {
  EMPTY,
  FAILED,
  FILTERED,
  LOADING,
  NORMAL,
  OF_VIEWS,
  ROUTES,
  TO_ACT,
} from './support/places-by-state.ts'
import { simulateEvents } from './support/simulate-events.ts'
import { startApp } from './support/start-app.ts'
import { goLive, untilLive } from './support/until-live.ts'
import { type Place, type Proof, visitPlaces } from './support/visit-places.ts'

describe.skipIf(chromiumPath() === null)('axe and the width of every page, theme and state', () => {
  let stack: TestStack
  let browser: Browser
  let page: Page
  let pages: readonly Page[]
  let problems: string[]
  let looks = 0
  beforeAll(async () => {
    const app = await startApp({ as: null })
    ;({ stack, browser, page, problems } = app)
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    return app.stop
  })
  afterAll(() => {
    process.stdout.write(`${looks} combinations of page, theme, width and state were checked\n`)
  })

  async function visit(on: readonly Page[], places: readonly Place[], proof: Proof): Promise<void> {
    const visited = await visitPlaces(on, places, proof)
    looks += visited.looks
    expect(visited.faults).toEqual([])
  }
  async function look(on: Page, name: string): Promise<void> {
    looks += LOOK_COUNT
    expect(await checkLooks(on, name)).toEqual([])
  }
  /** Two pages of the signed-in user whose requests that fit are answered by `answer`. */
  async function intercepted(fits: RegExp, answer: (route: Route) => unknown): Promise<readonly Page[]> {
    const context = await browser.newContext({ storageState: await page.context().storageState() })
    await context.route(fits, (route) => void answer(route))
    return open(context, 2)
  }
  const open = (context: BrowserContext, count: number) =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const opened = await context.newPage()
        await opened.goto(`${stack.webUrl}/nowhere`)
        await opened.getByText('There is no such page').waitFor()
        return opened
      }),
    )
  const close = (some: readonly Page[]) => some[0]?.context().close()

  it('find nothing where nobody is signed in, or has no role', async () => {
    await look(page, 'signed out')
    await page.getByLabel('E-mail address').fill('nobody@tidewire.local')
    await page.getByLabel('Password').fill('guess')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('is wrong').waitFor()
    await look(page, 'signed out after a wrong password')

    await createUser(stack, 'nobody@tidewire.local')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('You have no role yet').waitFor()
    await look(page, 'no role')
    await page.getByRole('button', { name: 'Sign out' }).click()
  })

  it('find nothing where nothing has happened', async () => {
    await page.getByLabel('E-mail address').fill(addressOf('operator'))
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await untilLive(page)
    pages = [page, ...(await open(page.context(), 1))]

    await visit(pages, EMPTY, { state: 'empty', proof: 'main .state-empty', isLive: true })
  })

  it('find nothing while all is loading', async () => {
    const waiting = await intercepted(/\/(views|events|openapi\.json|catalog)\b/, () => {})
    await visit(waiting, LOADING, { state: 'loading', proof: 'main .skeleton' })
    await close(waiting)
  })

  it('find nothing where the server fails or refuses', async () => {
    const failing = await intercepted(/\/(events|openapi\.json|catalog)\b/, (route) => refuse(route, 500))
    await visit(failing, FAILED, { state: 'error', proof: '.state-error' })
    await close(failing)

    const refused = await intercepted(/\/views\b/, (route) => refuse(route, 403))
    await visit(refused, OF_VIEWS, { state: 'denied', proof: 'main .state-denied' })
    await close(refused)
  })

  it('find nothing where the app itself does not come', async () => {
    const context = await browser.newContext()
    await context.route(/config\.json$/, (route) => refuse(route, 500))
    const fresh = await context.newPage()
    await fresh.goto(stack.webUrl)
    await fresh.getByText('Tidewire could not start').waitFor()
    await look(fresh, 'no configuration')
    await context.close()

    const torn = await intercepted(/blog-page.*\.js$/, (route) => route.abort())
    await visit(torn.slice(0, 1), ['/blog'], { state: 'no code', proof: '.state-error' })
    await close(torn)
  })

  it('find nothing where there is much to see', async () => {
    for (const domain of [port, market, sensors, blog])
      await publishBatch(stack.httpUrl, simulateEvents(domain, 60))
    await trade(page, stack.webUrl)

    await visit(pages, NORMAL, {
      state: 'normal',
      proof: 'main :is(tbody tr, .sensor-card)',
      isLive: true,
      withPictures: process.env.SCREENSHOTS !== undefined,
    })
    await visit(pages, FILTERED, { state: 'filtered', proof: 'main .state-filtered', isLive: true })
  })

  it('find nothing for whoever may only look', async () => {
    const { page: viewer } = await openApp(browser, stack.webUrl, { as: 'viewer' })
    await untilLive(viewer)
    await visit([viewer], TO_ACT, { state: 'viewer', isLive: true })
    await viewer.context().close()
  })

  it('find nothing without a connection', async () => {
    await page.context().setOffline(true)
    for (const one of pages) await one.locator('.banner').waitFor()

    await visit(pages, ROUTES, { state: 'offline', proof: '.banner' })
    expect(problems).toEqual([])
  })
})

const refuse = (route: Route, status: number) =>
  route.fulfill({
    status,
    headers: { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' },
    contentType: 'application/problem+json',
    json: { title: 'Not now', status, detail: 'This server has a bad day.' },
  })

/** A user in no group. */
async function createUser(stack: TestStack, Username: string): Promise<void> {
  const user = { UserPoolId: 'local_tidewire', Username }
  await callIdentity(stack, 'AdminCreateUser', { ...user, MessageAction: 'SUPPRESS' })
  await callIdentity(stack, 'AdminSetUserPassword', { ...user, Password: PASSWORD, Permanent: true })
}

/** An order and an alert, so that there is something of one's own. */
async function trade(page: Page, webUrl: string): Promise<void> {
  await goLive(page, `${webUrl}/market/trading?symbol=ACME`)
  await page.getByLabel('Shares').fill('5')
  await page.getByRole('button', { name: 'Buy 5 ACME' }).click()
  await page.getByText(/^Filled\./).waitFor()
  await goLive(page, `${webUrl}/market/alerts?symbol=ACME`)
  await page.getByRole('form', { name: 'New alert' }).getByLabel('Price').fill('99999')
  await page.keyboard.press('Enter')
  await page.getByRole('row', { name: /99999|99,999/ }).waitFor()
}
