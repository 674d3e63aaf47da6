import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'

type Place = { readonly x: number; readonly y: number }
const NOWHERE: Place = { x: 0, y: 0 }
const CHIPS = ['Critical', 'Today', 'Unread'] as const

/**
 * What a reader does: types, ticks and clears, again and again. By plain keys and clicks: to find and check elements
 * each time, as locators do, would take more of the slowed-down page than what is measured.
 */
export async function filterFeed(page: Page, chips: readonly Place[], isOver: () => boolean): Promise<void> {
  const click = ({ x, y }: Place) => page.mouse.click(x, y)
  const [critical = NOWHERE, today = NOWHERE, unread = NOWHERE] = chips
  const steps = [
    () => page.keyboard.press('/'),
    () => page.keyboard.type('berth', { delay: 150 }),
    () => page.keyboard.press('Escape'),
    ...[critical, today, unread, critical, today, unread].map((chip) => () => click(chip)),
  ]
  for (let step = 0; step % steps.length !== 0 || !isOver(); step++) {
    await steps[step % steps.length]?.()
    await sleep(isOver() ? 0 : 300)
  }
}

/** Where the chips are that are clicked: Critical, Today, Unread. */
export async function chipsOf(page: Page): Promise<Place[]> {
  const places: Place[] = []
  for (const name of CHIPS) {
    const box = await page.getByRole('button', { name, exact: true }).boundingBox()
    if (box) places.push({ x: box.x + box.width / 2, y: box.y + box.height / 2 })
  }
  return places
}
