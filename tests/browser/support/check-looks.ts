import type { Page } from 'playwright-core'
import { axeViolations, overflowOf } from './open-app.ts'

const WIDE = { width: 1440, height: 900 }
const NARROW = { width: 360, height: 740 }
/** A theme changes colours only: what else axe looks at was found in the other one. */
const COLOURS = ['color-contrast', 'link-in-text-block']
/** What a page does not share with all the others. */
const OWN = ['main', '.banner', '[role=dialog]']

type Look = {
  readonly colorScheme: 'light' | 'dark'
  readonly size: { readonly width: number; readonly height: number }
  readonly only?: readonly string[]
}

/** The ways a page is looked at, in an order that changes one thing at a time and ends as it began. */
const LOOKS: readonly Look[] = [
  { colorScheme: 'light', size: WIDE },
  { colorScheme: 'dark', size: WIDE, only: COLOURS },
  { colorScheme: 'dark', size: NARROW, only: COLOURS },
  { colorScheme: 'light', size: NARROW },
]

export const LOOK_COUNT = LOOKS.length

type Options = {
  /** Waits, after each change of the window, until the page shows what it is looked at for. */
  readonly reached?: () => Promise<unknown>
  /** Told of each look, such as "dark 360". */
  readonly onLook?: (name: string) => Promise<unknown>
  /** Also looks at the dark colours of what is around the page. */
  readonly withShell?: boolean
}

/**
 * What is wrong with the page as it is, light and dark, on a wall screen and on a phone: what axe finds, and what is
 * wider than its window.
 */
export async function checkLooks(
  page: Page,
  where: string,
  { reached, onLook, withShell = true }: Options = {},
): Promise<string[]> {
  const faults: string[] = []
  for (const { colorScheme, size, only = [] } of LOOKS) {
    const name = `${colorScheme} ${size.width}`
    await page.setViewportSize(size)
    await page.emulateMedia({ colorScheme })
    await reached?.()
    const found = await axeViolations(page, only, only.length > 0 && !withShell ? OWN : [])
    faults.push(...found.map((fault) => `${where} ${name}: ${fault}`))
    const overflow = await overflowOf(page)
    if (overflow > 0) faults.push(`${where} ${name}: ${overflow} px too wide`)
    await onLook?.(name)
  }
  await page.setViewportSize(WIDE)
  return faults
}
