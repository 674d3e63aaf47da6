import type { Page } from 'playwright-core'

/** The shell with its connection live, a page in it, and nothing of the page still loading. */
const LIVE = '.shell:has(.connection-good):has(main :is(h1, h2)):not(:has(main .skeleton))'

/**
 * Waits until the page that is open is there, is read, and is live. The word “Live” alone is not enough: the connection
 * stands before the code of the page has come, which subscribes and takes keys only then.
 */
export async function untilLive(page: Page, timeout = 30_000): Promise<void> {
  await page.locator(LIVE).waitFor({ timeout })
}

/** Opens an address and waits until what it shows is live. */
export async function goLive(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await untilLive(page)
}
