import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Role } from '#shared/core/role.ts'
import { chromiumPath } from '../../support/chromium-path.ts'
import { addressOf, PASSWORD } from '../../support/sign-in.ts'

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run']
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Where tests leave pictures of what they saw. */
export const PICTURES = '.screenshots'

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath() ?? '', args: FLAGS })
}

/** Signs in on the form, as a local user. */
export async function signInAs(page: Page, role: Role): Promise<void> {
  await page.getByLabel('E-mail address').fill(addressOf(role))
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: `Preferences of ${addressOf(role)}` }).waitFor()
}

export type OpenOptions = {
  readonly width?: number
  readonly height?: number
  readonly as?: Role | null
  /** The zone of the reader's clock; the machine's unless told. */
  readonly timezoneId?: string
}

/** Opens the app and signs in, as the admin unless told (`null`: as nobody); `problems` collects what the page threw or wrote as an error, such as a breach of its policy. */
export async function openApp(
  browser: Browser,
  url: string,
  { width = 1440, height = 900, as = 'admin', ...options }: OpenOptions = {},
): Promise<{ page: Page; problems: string[] }> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: 'light', ...options })
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    const text = message.text()
    // A dead server makes the browser itself complain of each request.
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(text))
      problems.push(text)
  })
  await page.goto(url)
  if (as !== null) await signInAs(page, as)
  return { page, problems }
}

type Violation = { id: string; nodes: { html: string; failureSummary: string }[] }

/**
 * What fades in is there at once: half-way, axe sees colours that nobody reads, and a dialog that it takes for hidden.
 * In one step with axe itself, so that nothing begins in between; a frame is waited for only where something fades.
 */
const SETTLE = `const moving = () => document.getAnimations()
    .filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
  let isFading = moving().length > 0 || document.querySelector('[role=dialog]') !== null
  while (isFading) {
    for (const animation of moving()) animation.finish()
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    isFading = moving().length > 0
  }`

/** What axe finds wrong with the page as it is now, in words; of `rules` and inside of `places` only, if there are any. */
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

/** By how many pixels the page is wider than its window. */
export async function overflowOf(page: Page): Promise<number> {
  return (await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')) as number
}
