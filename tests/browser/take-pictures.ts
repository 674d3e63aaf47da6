import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'
import { launchBrowser, openApp, signInAs } from './support/open-app.ts'

/** `npm run pictures`: updates the pictures of docs/dashboard.md, with simulated events of every domain. */
const FOLDER = 'docs/images'
const DEMO_MS = Number(process.env.DEMO_SECONDS ?? 60) * 1000
const QUALITY = 82
const PHONE = { width: 360, height: 740 }
/** The simulated past events: domain, minutes since the beginning, number of events. */
const PAST = [
  ['port', 20, 450],
  ['market', 14, 9000],
  ['sensors', 4, 500],
  ['blog', 240, 20],
] as const

type Theme = 'light' | 'dark'

const stack = await startStack({ args: [] })
const browser = await launchBrowser()
try {
  await mkdir(FOLDER, { recursive: true })
  for (const [domain, minutes, count] of PAST) await simulate(stack, domain, minutes, count)
  await takeAll(browser, stack)
} finally {
  await browser.close()
  await stack.dispose()
}

async function simulate(
  { httpUrl }: TestStack,
  domain: string,
  minutes: number,
  count: number,
): Promise<void> {
  const begin = new Date(Date.now() - minutes * 60_000).toISOString()
  const options = ['--begin', begin, '--count', String(count), '--rate', 'max', '--url', httpUrl]
  const env = { ...process.env, TIDEWIRE_KEY: API_KEY }
  const child = spawn(process.execPath, ['cli/main.ts', 'simulate', domain, ...options], {
    env,
    stdio: 'inherit',
  })
  const code = await new Promise((done) => child.once('exit', done))
  if (code !== 0) throw new Error(`the simulation of ${domain} ended with ${code}`)
}

async function takeAll(browser: Browser, { webUrl }: TestStack): Promise<void> {
  const { page } = await openApp(browser, webUrl, { as: null, height: 860 })
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  await shoot(page, 'sign-in')
  await signInAs(page, 'operator')
  await live(page)
  await trade(page, webUrl)
  await sleep(DEMO_MS)

  await page.goto(`${webUrl}/port`)
  await live(page)
  await workOn(page)
  await shoot(page, 'dashboard')
  await shoot(page, 'port', 'dark')
  await page
    .getByRole('row', { name: /arrived|Reefer|made fast/ })
    .first()
    .click()
  await page.getByText('History').first().waitFor()
  await sleep(1500) // the map slides to its place
  await shoot(page, 'port-event')
  await page.keyboard.press('Escape')
  await page.keyboard.press('n')
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').getByRole('combobox').fill('show')
  await shoot(page, 'palette')
  await page.keyboard.press('Escape')
  for (const [path, name] of [
    ['/market', 'market'],
    ['/sensors', 'sensors'],
    ['/blog', 'blog'],
  ] as const) {
    await page.goto(`${webUrl}${path}`)
    await live(page)
    await sleep(1500)
    await shoot(page, name)
  }
  await page.goto(`${webUrl}/market/trading?symbol=ACME`)
  await live(page)
  await sleep(1500)
  await shoot(page, 'market-trading', 'dark')
  await page.setViewportSize(PHONE)
  await page.goto(`${webUrl}/port`)
  await live(page)
  await shoot(page, 'phone', 'dark')
}

async function live(page: Page): Promise<void> {
  await page.getByText('Live', { exact: true }).first().waitFor()
  await page
    .getByText(/^Loading /)
    .first()
    .waitFor({ state: 'hidden' })
}

/** Buys something, so that there is a portfolio to look at. */
async function trade(page: Page, webUrl: string): Promise<void> {
  for (const [symbol, shares] of [
    ['ACME', '200'],
    ['HARBR', '80'],
    ['TIDE', '15'],
  ] as const) {
    await page.goto(`${webUrl}/market/trading?symbol=${symbol}`)
    await live(page)
    await page.getByLabel('Shares').fill(shares)
    await page.getByRole('button', { name: `Buy ${shares} ${symbol}` }).click()
    await page.getByText(/^Filled\./).waitFor()
  }
}

/** Moves a few events on, as an operator does. */
async function workOn(page: Page): Promise<void> {
  for (const keys of ['a', 'as', 'm', 'asr', 'am'])
    for (const key of ['j', 'j', ...keys]) {
      await page.keyboard.press(key)
      await sleep(250)
    }
  await sleep(5000)
  await page.keyboard.press('n')
  await sleep(8000) // until the messages disappear
  await page.evaluate('document.activeElement.blur()')
  await page.mouse.move(640, 24)
}

/** WebP, which Chromium can write and every browser shows, at a third of the size of PNG. */
async function shoot(page: Page, name: string, colorScheme: Theme = 'light'): Promise<void> {
  await page.emulateMedia({ colorScheme })
  await sleep(400)
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY })
  await session.detach()
  const bytes = Buffer.from(data, 'base64')
  await writeFile(`${FOLDER}/${name}.webp`, bytes)
  process.stdout.write(`${name}.webp  ${Math.round(bytes.length / 1024)} kB\n`)
  await page.emulateMedia({ colorScheme: 'light' })
}
