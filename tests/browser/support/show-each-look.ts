import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { axeViolations, overflowOf, PICTURES } from './open-app.ts'

const LOOKS = [
  ['light', 1440],
  ['dark', 1440],
  ['light', 360],
  ['dark', 360],
] as const

/**
 * Shows a page in light and dark, on a desktop and a phone: it must fit and have no axe violation. Leaves a picture of
 * each look, and the page in light at 1440 px.
 */
export async function showEachLook(page: Page, name: string): Promise<void> {
  for (const [colorScheme, width] of LOOKS) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 900 })
    await expect.poll(() => overflowOf(page)).toBeLessThanOrEqual(0)
    expect.soft(await axeViolations(page)).toEqual([])
    await page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}-${width}.png` })
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1440, height: 900 })
}
