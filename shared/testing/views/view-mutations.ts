import type { FetchView } from '#shared/client/http.ts'
import type { ViewDeps } from '#shared/client/view.ts'
import type { ServeView } from './serve-view.ts'

/** How to break a rule of following a view without touching the product: by wrapping what is handed to it. */
export type ViewMutation = {
  readonly client?: (deps: ViewDeps) => ViewDeps
  readonly serve?: (serve: ServeView) => ServeView
}

/** Applies again what a part includes already. */
const forgetOffsets: ViewMutation = {
  client: (deps) => {
    const fetchView: FetchView = async (address, signal) => {
      const { parts, cursor } = await deps.fetchView<never>(address, signal)
      return { parts: parts.map((part) => ({ ...part, offset: -1 })), cursor }
    }
    return { ...deps, fetchView }
  },
}

/** Reads the cursor when the parts have been read. */
const cursorAfterParts: ViewMutation = {
  serve: (serve) => async (world, url) => {
    const page = await serve(world, url)
    const { cursor } = await serve(world, url)
    return { ...page, cursor }
  },
}

/** Goes on from the cursor of the last page. */
const cursorOfLastPage: ViewMutation = {
  serve: (serve) => async (world, url) => {
    const page = await serve(world, url)
    const parts = [...page.parts]
    let last = page
    while (last.next) {
      const next = new URL(url)
      next.searchParams.set('next', last.next)
      last = await serve(world, next)
      parts.push(...last.parts)
    }
    return { parts, cursor: last.cursor }
  },
}

/** Subscribes to what comes from now on. */
const fromLatest: ViewMutation = {
  client: (deps) => ({
    ...deps,
    subscribe: (request, ...rest) => deps.subscribe({ ...request, since: 'latest' }, ...rest),
  }),
}

/** Goes on with the old state although events were lost. */
const ignoreGap: ViewMutation = {
  client: (deps) => ({
    ...deps,
    subscribe: (request, onEvent, { onGap: _, ...handlers }) => deps.subscribe(request, onEvent, handlers),
  }),
}

/** Each rule of following a view, and what breaks it. */
export const VIEW_MUTATIONS = {
  applyAboveOffset: forgetOffsets,
  cursorBeforeParts: cursorAfterParts,
  cursorOfFirstPage: cursorOfLastPage,
  subscribeFromCursor: fromLatest,
  beginAgainAfterGap: ignoreGap,
} as const satisfies Readonly<Record<string, ViewMutation>>
