import type { Page } from 'playwright-core'
import { checkLooks, LOOK_COUNT } from './check-looks.ts'
import { PICTURES } from './open-app.ts'
import { untilLive } from './until-live.ts'

/** An address, and what of it proves its state where the state's own proof does not. */
export type Place = string | readonly [path: string, proof: string]

/** What a page shows in a state, as a selector. */
export type Proof = {
  readonly state: string
  readonly proof?: string
  readonly isLive?: boolean
  /** Leaves a picture of each look. */
  readonly withPictures?: boolean
}

/**
 * Visits addresses of the open app, without loading it anew, in as many pages at once as there are, and looks at each
 * one as soon as the proof of its state is there. Answers what is wrong, and how many looks there were.
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
    // What is around the pages is the same in a state.
    const withShell = path === [places[0] ?? ''].flat()[0]
    return checkLooks(page, `${state} ${path}`, { reached, withShell, ...(withPictures && { onLook }) })
  }
  const visitAll = async (page: Page) => {
    for (let place = left.shift(); place !== undefined; place = left.shift()) {
      const [path, own] = typeof place === 'string' ? [place, proof] : place
      const found = visit(page, path, own)
      faults.push(...(await found.catch((error: unknown) => [`${state} ${path} was not reached: ${error}`])))
    }
  }
  await Promise.all(pages.map(visitAll))
  return { faults, looks: places.length * LOOK_COUNT }
}

function shoot(page: Page, name: string): Promise<unknown> {
  return page.screenshot({ path: `${PICTURES}/${name.replaceAll(/\W+/g, '-').slice(1)}.png` })
}

/** What only this page has, in every state: the page before may be there for a moment. */
function identityOf(path: string): string {
  const { pathname, searchParams } = new URL(path, 'http://app')
  const tab = (name: string) => `main [role=tab][aria-selected=true]:has-text("${name}")`
  const [, panel = '', page = 'dashboard'] = pathname.split('/')
  if (panel === 'market') return tab(page)
  if (panel === 'port')
    return searchParams.has('event') ? 'main .port' : tab(searchParams.get('view') ?? 'statistics')
  return `main:has-text("${panel === 'docs' ? 'API' : panel === 'nowhere' ? 'no such page' : panel}")`
}
