import type { Page } from 'playwright-core'

/** The titles of all rows of the port's feed, newest first, read by scrolling from its top to its end and back. */
export async function readFeed(page: Page): Promise<string[]> {
  return (await page.evaluate(`(async () => {
    const grid = document.querySelector('[role=grid][aria-label=Events]')
    const titles = new Map()
    const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    for (let top = 0; ; top += grid.clientHeight / 2) {
      grid.scrollTop = top
      await drawn()
      for (const row of grid.querySelectorAll('[role=row]')) {
        const title = row.querySelector('.feed-title')
        if (title) titles.set(Number(row.getAttribute('aria-rowindex')), title.title)
      }
      if (top + grid.clientHeight >= grid.scrollHeight) break
    }
    grid.scrollTop = 0
    await drawn()
    return [...titles].sort(([a], [b]) => a - b).map(([, title]) => title)
  })()`)) as string[]
}
