import { mkdir } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { axeViolations, overflowOf, PICTURES } from './open-app.ts'

const SIZES = [
  { width: 1440, height: 900 },
  { width: 360, height: 740 },
] as const

/**
 * What is wrong with pages, light and dark, on a wall screen and on a phone: what axe finds, and what is wider than its
 * window. Leaves a picture of each.
 */
export async function checkPages(page: Page, addresses: readonly string[]): Promise<string[]> {
  const faults: string[] = []
  await mkdir(PICTURES, { recursive: true })
  for (const address of addresses) {
    const { pathname, search } = new URL(address)
    const shown = `${pathname.slice(1)}${search}`
    await page.goto(address)
    await page.getByText('Live', { exact: true }).first().waitFor()
    await expect.poll(() => page.getByText(/^Loading /).count()).toBe(0)
    for (const size of SIZES)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize(size)
        await page.emulateMedia({ colorScheme })
        const where = `${shown} ${colorScheme} ${size.width}`
        const overflow = await overflowOf(page)
        faults.push(...(await axeViolations(page)).map((fault) => `${where}: ${fault}`))
        if (overflow > 0) faults.push(`${where}: ${overflow} px too wide`)
        await page.screenshot({ path: `${PICTURES}/${where.replaceAll(/\W+/g, '-')}.png` })
      }
  }
  await page.setViewportSize(SIZES[0])
  return faults
}
