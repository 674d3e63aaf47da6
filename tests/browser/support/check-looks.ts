import type { Page } from 'playwright-core'
import { axeViolations, overflowOf } from './open-app.ts'

const WIDE = { width: 1440, height: 900 }
const NARROW = { width: 360, height: 740 }
/** A theme changes colours only: what else axe looks at was found in the other one. */
const COLOURS = ['color-contrast', 'link-in-text-block']

/** The ways a page is looked at, in an order that changes one thing at a time and ends as it began. */
const LOOKS = [
  { colorScheme: 'light', size: WIDE, rules: [] },
  { colorScheme: 'dark', size: WIDE, rules: COLOURS },
  { colorScheme: 'dark', size: NARROW, rules: COLOURS },
  { colorScheme: 'light', size: NARROW, rules: [] },
] as const

export const LOOK_COUNT = LOOKS.length

type Options = {
  /** Waits, after each change of the window, until the page shows what it is looked at for. */
  readonly reached?: () => Promise<unknown>
  /** Told of each look, such as "dark 360". */
  readonly onLook?: (name: string) => Promise<unknown>
}

/**
 * What is wrong with the page as it is, light and dark, on a wall screen and on a phone: what axe finds, and what is
 * wider than its window.
 */
export async function checkLooks(
  page: Page,
  where: string,
  { reached, onLook }: Options = {},
): Promise<string[]> {
  const faults: string[] = []
  for (const { colorScheme, size, rules } of LOOKS) {
    const name = `${colorScheme} ${size.width}`
    await page.setViewportSize(size)
    await page.emulateMedia({ colorScheme })
    await reached?.()
    faults.push(...(await axeViolations(page, rules)).map((fault) => `${where} ${name}: ${fault}`))
    const overflow = await overflowOf(page)
    if (overflow > 0) faults.push(`${where} ${name}: ${overflow} px too wide`)
    await onLook?.(name)
  }
  await page.setViewportSize(WIDE)
  return faults
}
