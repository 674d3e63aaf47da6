import type { Browser, BrowserContext, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '#shared/core/random.ts'
import { blog } from '#shared/domain/blog/blog.ts'
import type { Domain } from '#shared/domain/define-domain.ts'
import { market } from '#shared/domain/market/market.ts'
import { port } from '#shared/domain/port/port.ts'
import { sensors } from '#shared/domain/sensors/sensors.ts'
import { publishBatch } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import { addressOf, callIdentity, PASSWORD } from '../support/sign-in.ts'
import type { TestStack } from '../support/start-stack.ts'
import { goLive, newContext, openApp, startApp, untilLive } from './support/open-app.ts'
import { checkLooks, LOOK_COUNT, type Place, type Proof, visitPlaces } from './support/visit-places.ts'

const PORT = ['/port', '/port?view=statistics', '/port?view=berths', '/port?view=stream']
const MARKET = ['', '/trading', '/portfolio', '/alerts', '/history', '/volume'].map((tab) => `/market${tab}`)
const ROUTES = [...PORT, ...MARKET, '/sensors', '/blog', '/docs', '/nowhere']
/** The date in the names of simulated posts. */
const TODAY = new Date().toISOString().slice(0, 10)

/** Pages that show only views, so that they are empty if a view is refused or not loaded. */
const OF_VIEWS = ['/port?view=statistics', '/port?view=berths', ...MARKET, '/sensors', '/blog']

const EMPTY: readonly Place[] = [
  ['/port?view=statistics', 'main h2'],
  ['/port?view=stream', 'main h2'],
  ['/docs', 'main h2'],
  '/port',
  '/port?view=berths',
  ...MARKET,
  '/sensors',
  '/blog',
  '/nowhere',
]
const NORMAL: readonly Place[] = [
  ['/port', '.feed-title'],
  ['/port?view=statistics', '.shares'],
  ['/port?view=berths', '.berths'],
  ['/port?view=stream', '.hops'],
  ['/market/trading?symbol=ACME', '.candle-canvas canvas'],
  ...MARKET.filter((path) => path !== '/market/trading').map((path) => `${path}?symbol=ACME`),
  '/sensors',
  '/blog',
  ['/docs', 'main h2'],
  ['/port?event=port-0', '.case-actions'],
  ['/port?create=1', '[role=dialog] form'],
  ['/sensors?sensor=quay-1', '[role=dialog] .sensor-details'],
  ['/blog?edit=new', '[role=dialog] form'],
  [`/blog?history=post-${TODAY}-1`, '[role=dialog] li'],
]
const FILTERED: readonly Place[] = [
  '/port?q=zzz',
  '/market?symbol=ACME&find=zzz',
  '/market/alerts?symbol=ACME&show=triggered',
  '/market/history?symbol=ACME&orders=rejected',
  '/sensors?find=zzz',
  '/blog?find=zzz',
]
const FAILED: readonly Place[] = [
  '/port',
  '/port?event=none',
  '/docs',
  ['/port?create=1', '[role=dialog] .state-error'],
]
const LOADING: readonly Place[] = [
  ...OF_VIEWS,
  '/port',
  '/docs',
  ['/port?create=1', '[role=dialog] .skeleton'],
]
/** Places with actions that a viewer may not do. */
const TO_ACT: readonly Place[] = [
  '/market/trading?symbol=ACME',
  '/market/alerts?symbol=ACME',
  '/blog',
  ['/port?event=port-0', '.case-actions'],
]

/** Returns the first events of the simulation of a domain that begins now: CloudEvents for one batch. */
function simulateEvents({ name, simulate }: Domain, count: number): Record<string, unknown>[] {
  const events: Record<string, unknown>[] = []
  for (const { event } of simulate?.(seededRandom(7), Date.now()) ?? []) {
    if (events.length === count) break
    const { time: _, ...rest } = event
    events.push({ specversion: '1.0', id: `${name}-${events.length}`, source: '/simulated', ...rest })
  }
  return events
}

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
  /** Opens two pages of the signed-in user; `answer` handles their matching requests. */
  async function intercepted(fits: RegExp, answer: (route: Route) => unknown): Promise<readonly Page[]> {
    const context = await newContext(browser, { storageState: await page.context().storageState() })
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

  it('find nothing if nobody is signed in, or the user has no role', async () => {
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

  it('find nothing if there are no events', async () => {
    await page.getByLabel('E-mail address').fill(addressOf('operator'))
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await untilLive(page)
    pages = [page, ...(await open(page.context(), 1))]

    await visit(pages, EMPTY, { state: 'empty', proof: 'main .state-empty', isLive: true })
  })

  it('find nothing while everything is loading', async () => {
    const waiting = await intercepted(/\/(views|events|openapi\.json|catalog)\b/, () => {})
    await visit(waiting, LOADING, { state: 'loading', proof: 'main .skeleton' })
    await close(waiting)
  })

  it('find nothing if the server fails or refuses', async () => {
    const failing = await intercepted(/\/(events|openapi\.json|catalog)\b/, (route) => refuse(route, 500))
    await visit(failing, FAILED, { state: 'error', proof: '.state-error' })
    await close(failing)

    const refused = await intercepted(/\/views\b/, (route) => refuse(route, 403))
    await visit(refused, OF_VIEWS, { state: 'denied', proof: 'main .state-denied' })
    await close(refused)
  })

  it('find nothing if the app itself cannot be loaded', async () => {
    const context = await newContext(browser)
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

  it('find nothing if there are many events', async () => {
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

  it('find nothing for a viewer', async () => {
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

/** Creates a user without a group. */
async function createUser(stack: TestStack, Username: string): Promise<void> {
  const user = { UserPoolId: 'local_tidewire', Username }
  await callIdentity(stack, 'AdminCreateUser', { ...user, MessageAction: 'SUPPRESS' })
  await callIdentity(stack, 'AdminSetUserPassword', { ...user, Password: PASSWORD, Permanent: true })
}

/** Makes an order and an alert of the signed-in user. */
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
