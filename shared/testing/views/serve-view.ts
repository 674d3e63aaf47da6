import type { ViewPart } from '#shared/pipeline/views/apply-event.ts'
import { readParts } from '#shared/pipeline/views/read-view.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import { FOLDING_DOMAIN, type ViewWorld } from './view-world.ts'

export type ViewPage = {
  readonly parts: readonly ViewPart[]
  readonly cursor: string
  readonly next?: string | null
}
export type ServeView = (world: ViewWorld, url: URL) => Promise<ViewPage>

const VIEWS = viewsOf([FOLDING_DOMAIN])
/** So that there are pages. */
const LIMIT = 1

/** Answers `GET /views/…?parts=true`. */
export const serveView: ServeView = (world, url) => {
  const [, , domain = '', name = '', key] = url.pathname.split('/').map(decodeURIComponent)
  const view = VIEWS.find(domain, name)
  if (view === null) throw new Error(`there is no view ${name}`)
  const next = url.searchParams.get('next')
  const page = { ...(key !== undefined && { key }), ...(next !== null && { next }), limit: LIMIT }
  return readParts(view, page, { ...world, store: world.stores.store, now: () => 0 })
}
