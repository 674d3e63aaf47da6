import type { Page } from 'playwright-core'
import { axeViolations, overflowOf, PICTURES, untilLive } from './open-app.ts'

const WIDE = { width: 1440, height: 900 }
const NARROW = { width: 360, height: 740 }
/** The rules for the second theme. It differs only in colours, and the first theme is checked with all rules. */
const COLOURS = ['color-contrast', 'link-in-text-block']
/** The parts that a page does not share with all others. */
const OWN = ['main', '.banner', '[role=dialog]']

type Look = {
  readonly colorScheme: 'light' | 'dark'
  readonly size: { readonly width: number; readonly height: number }
  readonly only?: readonly string[]
}

/** The looks of a page. Each differs from the previous one in one setting, and the last leads back to the first. */
const LOOKS: readonly Look[] = [
  { colorScheme: 'light', size: WIDE },
  { colorScheme: 'dark', size: WIDE, only: COLOURS },
  { colorScheme: 'dark', size: NARROW, only: COLOURS },
  { colorScheme: 'light', size: NARROW },
]

export const LOOK_COUNT = LOOKS.length

/** An address, and a selector that proves its state if that of the state does not. */
export type Place = string | readonly [path: string, proof: string]

/** A state, and a selector of what a page shows in it. */
export type Proof = {
  readonly state: string
  readonly proof?: string
  readonly isLive?: boolean
  /** Takes a picture of each look. */
  readonly withPictures?: boolean
}

/**
 * Visits addresses of the open app without reloading it, in all pages at once, and checks each one as soon as the proof
 * of its state is there. Returns what is wrong, and how many looks were checked.
 */
export async function visitPlaces(
  pages: readonly Page[],
  places: readonly Place[],
  { state, proof = 'main', isLive = false, withPictures = false }: Proof,
): Promise<{ faults: string[]; looks: number }> {
  const faults: string[] = []
  const left = [...places]
  const visit = async (page: Page, path: string, own: string) => {
    const isThere = (selector: string) => page.locator(selector).first().waitFor({ state: 'attached' })
    const reached = async () => {
      if (isLive) await untilLive(page)
      await isThere(own)
    }
    await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`)
    await isThere(identityOf(path))
    const onLook = (look: string) => shoot(page, `${path} ${look}`)
    // The shell around the pages is the same in a state, so it is checked once.
    const withShell = path === [places[0] ?? ''].flat()[0]
    return checkLooks(page, `${state} ${path}`, { reached, withShell, ...(withPictures && { onLook }) })
  }
  const visitAll = async (page: Page) => {
    for (let place = left.shift(); place !== undefined; place = left.shift()) {
      const [path, own] = typeof place === 'string' ? [place, proof] : place
      const found = visit(page, path, own)
      // These suites are about what pages look like: a page that was not reached is told, and opened once more.
      const again = async (error: unknown) => {
        const shown = await page.locator('body').textContent()
        process.stdout.write(
          `${state} ${path} was not reached at first: ${error}\n${shown?.slice(0, 2000)}\n`,
        )
        await page.reload()
        return visit(page, path, own)
      }
      const notReached = (error: unknown) => [`${state} ${path} was not reached: ${error}`]
      faults.push(...(await found.catch(again).catch(notReached)))
    }
  }
  await Promise.all(pages.map(visitAll))
  return { faults, looks: places.length * LOOK_COUNT }
}

function shoot(page: Page, name: string): Promise<unknown> {
  return page.screenshot({ path: `${PICTURES}/${name.replaceAll(/\W+/g, '-').slice(1)}.png` })
}

/** Returns a selector of what only this page has, in every state. The page before may be there for a moment. */
function identityOf(path: string): string {
  const { pathname, searchParams } = new URL(path, 'http://app')
  const tab = (name: string) => `main [role=tab][aria-selected=true]:has-text("${name}")`
  const [, panel = '', page = 'dashboard'] = pathname.split('/')
  if (panel === 'market') return tab(page)
  if (panel === 'port')
    return searchParams.has('event') ? 'main .port' : tab(searchParams.get('view') ?? 'statistics')
  return `main:has-text("${panel === 'docs' ? 'API' : panel === 'nowhere' ? 'no such page' : panel}")`
}

type Options = {
  /** Waits, after each change of the window, until the page shows its state. */
  readonly reached?: () => Promise<unknown>
  /** Called with each look, such as "dark 360". */
  readonly onLook?: (name: string) => Promise<unknown>
  /** Whether to check the dark colours of the shell around the page, too. */
  readonly withShell?: boolean
}

/**
 * Returns what is wrong with the page, light and dark, on a wall screen and on a phone: what axe finds, and what is
 * wider than the window.
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
