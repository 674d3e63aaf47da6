import type { Page } from 'playwright-core'

/** The titles of all rows of the port's feed, newest first, read by scrolling from its top to its end and back. */
export async function readFeed(page: Page): Promise<string[]> {
  return (await page.evaluate(`(async () => {
    const grid = document.querySelector('[role=grid][aria-label=Events]')
    const titles = new Map()
    const rows = () => [...grid.querySelectorAll('.feed-rows [role=row]')]
    // However late a busy page draws them: until rows fill what is in sight.
    const isFilled = () => {
      const { top, bottom } = grid.querySelector('.feed-rows').getBoundingClientRect()
      const sight = grid.getBoundingClientRect()
      const [from, to] = [Math.max(top, sight.top), Math.min(bottom, sight.bottom)]
      const boxes = rows().map((row) => row.getBoundingClientRect())
      const covers = (y) => boxes.some((box) => box.top <= y && box.bottom >= y)
      return covers(from + 2) && covers(to - 2)
    }
    const drawn = async () => {
      const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
      for (const late = performance.now() + 5000; ; ) {
        await frame()
        if (isFilled() || performance.now() > late) return
      }
    }
    for (let top = 0; ; top += grid.clientHeight / 2) {
      grid.scrollTop = top
      await drawn()
      for (const row of rows()) {
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
