import { launchBrowser, openApp, signInAs } from '../tests/browser/support/open-app.ts'
import { chromiumPath } from '../tests/support/chromium-path.ts'
import { startStack } from '../tests/support/start-stack.ts'
import { feedUnderLoad } from './dashboard/feed-under-load.ts'
import { firstLoad } from './dashboard/first-load.ts'
import { vitalsUnderLoad } from './dashboard/vitals-under-load.ts'
import type { Rows } from './measure.ts'

/** The dashboard in a real Chromium: what it loads, how it feels at 200 events per second, what it takes at 1,000. */
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
