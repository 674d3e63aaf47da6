import type { Page } from 'playwright-core'
import { launchBrowser, openApp, signInAs } from '../tests/browser/support/open-app.ts'
import { chromiumPath } from '../tests/support/chromium-path.ts'
import { startStack } from '../tests/support/start-stack.ts'
import { feedUnderLoad } from './dashboard/feed-under-load.ts'
import { vitalsUnderLoad } from './dashboard/vitals-under-load.ts'
import type { Row, Rows } from './measure/measure.ts'

/** The dashboard in a real Chromium: what it loads, its web vitals at 200 events per second, its load at 1,000. */
export async function benchDashboard(seconds = 20): Promise<Rows> {
  if (chromiumPath() === null) return [{ 'left out': 'there is no Chromium; set CHROMIUM_PATH' }]
  const browser = await launchBrowser()
  try {
    return [...(await measureStack(browser)), ...(await feedUnderLoad(browser, seconds))]
  } finally {
    await browser.close()
  }
}

async function measureStack(browser: Awaited<ReturnType<typeof launchBrowser>>): Promise<Rows> {
  const stack = await startStack()
  try {
    const { page } = await openApp(browser, stack.webUrl, { as: null })
    const signIn = page.getByRole('button', { name: 'Sign in' })
    await signIn.waitFor()
    const outside = await firstLoad(page, 'sign-in', () => signIn.waitFor())
    await signInAs(page, 'admin')
    const live = () => page.getByText('Live', { exact: true }).first().waitFor()
    await live()
    const inside = await firstLoad(page, 'port operations, signed in', live)
    const vitals = await vitalsUnderLoad(page, stack)
    await page.context().close()
    return [outside, inside, vitals]
  } finally {
    await stack.dispose()
  }
}

/** Scripts that are loaded later: what a page shows first does not need them. */
const LATER = /cognito|tslib|menu|palette|shortcut-help/

/** Reloads the page, and sums up the compressed size of its scripts. */
async function firstLoad(page: Page, name: string, isThere: () => Promise<void>): Promise<Row> {
  const scripts: { file: string; bytes: number }[] = []
  page.on('response', (response) => {
    const file = new URL(response.url()).pathname.split('/').at(-1) ?? ''
    const { 'content-length': bytes = '0', 'content-encoding': encoding } = response.headers()
    if (!file.endsWith('.js')) return
    if (encoding !== 'gzip') throw new Error(`${file} is not compressed`)
    scripts.push({ file, bytes: Number(bytes) })
  })
  await page.reload()
  await isThere()
  await page.waitForLoadState('networkidle')
  page.removeAllListeners('response')
  const later = scripts.filter(({ file }) => LATER.test(file))
  const sum = (list: typeof scripts) => list.reduce((total, { bytes }) => total + bytes, 0)
  return {
    page: name,
    'gzipped JavaScript kB': (sum(scripts) - sum(later)) / 1000,
    files: scripts.length - later.length,
    'and later kB': sum(later) / 1000,
    'which is':
      later.map(({ file, bytes }) => `${file.replace(/-[\w-]{8}\.js$/, '')} ${bytes}`).join(', ') || '–',
  }
}
