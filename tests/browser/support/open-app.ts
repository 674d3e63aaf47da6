import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core'
import type { Role } from '#shared/core/access/role.ts'
import { chromiumPath } from '../../support/chromium-path.ts'
import { addressOf, PASSWORD } from '../../support/sign-in.ts'
import { startStack, type TestStack } from '../../support/start-stack.ts'

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run']
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The shell with its connection live, a page in it, and nothing of the page still loading. */
const LIVE = '.shell:has(.connection-good):has(main :is(h1, h2)):not(:has(main .skeleton))'
/** The limit of every wait for the page. A slow machine takes longer than the 30 s of Playwright's own. */
const PATIENCE_MS = 60_000

/** The folder for screenshots of the tests. */
export const PICTURES = '.screenshots'

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath() ?? '', args: FLAGS })
}

/** Opens a context whose pages wait as long as a slow machine needs. */
export async function newContext(browser: Browser, options?: BrowserContextOptions): Promise<BrowserContext> {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(PATIENCE_MS)
  return context
}

/** Signs in with the form, as a local user. */
export async function signInAs(page: Page, role: Role): Promise<void> {
  await page.getByLabel('E-mail address').fill(addressOf(role))
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: `Preferences of ${addressOf(role)}` }).waitFor()
}

type OpenOptions = {
  readonly width?: number
  readonly height?: number
  readonly as?: Role | null
  /** The time zone of the page. The default is that of the machine. */
  readonly timezoneId?: string
}

/**
 * Opens the app and signs in, by default as the admin (`null`: not at all). `problems` collects what the page throws or
 * logs as an error, such as a breach of its policy.
 */
export async function openApp(
  browser: Browser,
  url: string,
  { width = 1440, height = 900, as = 'admin', ...options }: OpenOptions = {},
): Promise<{ page: Page; problems: string[] }> {
  const context = await newContext(browser, {
    viewport: { width, height },
    colorScheme: 'light',
    ...options,
  })
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    const text = message.text()
    // While the server is down, the browser itself logs each failed request.
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(text))
      problems.push(text)
  })
  await page.goto(url)
  if (as !== null) await signInAs(page, as)
  return { page, problems }
}

type Violation = { id: string; nodes: { html: string; failureSummary: string }[] }

/**
 * Finishes animations: otherwise axe sees intermediate colours, and treats a dialog as hidden. It runs in one step
 * with axe, so that nothing begins in between, and waits for a frame only if something is moving.
 */
const SETTLE = `const moving = () => document.getAnimations()
    .filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
  let isFading = moving().length > 0 || document.querySelector('[role=dialog]') !== null
  while (isFading) {
    for (const animation of moving()) animation.finish()
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    isFading = moving().length > 0
  }`

/** Returns what axe finds wrong with the page, in words. With `rules` or `places`, only by these or inside of these. */
export async function axeViolations(
  page: Page,
  rules: readonly string[] = [],
  places: readonly string[] = [],
): Promise<string[]> {
  // The page's policy forbids added scripts, so this is evaluated as the debugger's own.
  await page.evaluate(`if (!globalThis.axe) (() => { ${axe} })()`)
  const options = { resultTypes: ['violations'], ...(rules.length > 0 && { runOnly: rules }) }
  const run = `(async () => { ${SETTLE}
    const places = ${JSON.stringify(places)}.filter((place) => document.querySelector(place))
    const include = places.map((place) => [place])
    return axe.run(include.length > 0 ? { include } : document, ${JSON.stringify(options)}) })()`
  const { violations } = (await page.evaluate(run)) as { violations: Violation[] }
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
  )
}

/** Returns by how many pixels the page is wider than its window. */
export async function overflowOf(page: Page): Promise<number> {
  return (await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')) as number
}

/** A stack, a browser, and a page of the app in it. */
type RunningApp = {
  readonly stack: TestStack
  readonly browser: Browser
  readonly page: Page
  /** What the page has thrown or logged as an error. */
  readonly problems: string[]
  /** Ends the browser and the stack. Returned from `beforeAll`, it is called after all tests. */
  readonly stop: () => Promise<void>
}

type Options = OpenOptions & {
  readonly path?: string
  /** Called before the page is opened. */
  readonly prepare?: (stack: TestStack) => Promise<unknown>
}

/** Starts what the tests of one file share, and opens the app at a path. Stops everything if that fails. */
export async function startApp({ path = '', prepare, ...options }: Options = {}): Promise<RunningApp> {
  const stack = await startStack()
  let browser: Browser | null = null
  const stop = async () => {
    await browser?.close()
    await stack.dispose()
  }
  try {
    await prepare?.(stack)
    browser = await launchBrowser()
    return { stack, browser, stop, ...(await openApp(browser, stack.webUrl + path, options)) }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * Waits until the page is shown, has its data, and is live. The word “Live” alone is not enough: the connection is open
 * before the code of the page is loaded, which subscribes and handles keys only then.
 */
export async function untilLive(page: Page, timeout = PATIENCE_MS): Promise<void> {
  await page.locator(LIVE).waitFor({ timeout })
}

/** Opens an address and waits until what it shows is live. */
export async function goLive(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await untilLive(page)
}

/** Returns what a stack serves to a browser: the policy of its page, and the first script of the page. */
export async function readServed(webUrl: string): Promise<{ policy: string; script: string }> {
  const response = await fetch(webUrl)
  const [, source = ''] = /<script[^>]* src="([^"]+)"/.exec(await response.text()) ?? []
  const script = await (await fetch(new URL(source, webUrl))).text()
  return { policy: response.headers.get('content-security-policy') ?? '', script }
}
