import { parseCursor } from '#shared/core/cursor.ts'
import type { ViewPart } from '#shared/pipeline/views/apply-event.ts'
import { type FetchSettings, fetchJson, PageError } from './fetch-json.ts'
import { isFields } from './parse-frame.ts'

/** Which view of which domain; `key` for one state of a collection. */
export type ViewAddress = {
  readonly domain: string
  readonly view: string
  readonly key?: string | undefined
}
/** The parts of a view, and the cursor to go on from: what lies above it is not in all of them. */
export type ViewSnapshot<State> = { readonly parts: readonly ViewPart<State>[]; readonly cursor: string }

export type FetchView = <State>(address: ViewAddress, signal: AbortSignal) => Promise<ViewSnapshot<State>>

/** What asking again would only repeat: a malformed request, no right to it, a view that there is not. */
const PERMANENT = [400, 403, 404, 422]

/**
 * Makes the reader of `GET /views/…?parts=true`, all pages of it. The cursor is that of the first page: it was read
 * before any part was. Throws PageError.
 */
export function createFetchView(settings: FetchSettings): FetchView {
  return async <State>({ domain, view, key }: ViewAddress, signal: AbortSignal) => {
    const names = key === undefined ? [domain, view] : [domain, view, key]
    const path = `/views/${names.map(encodeURIComponent).join('/')}`
    const parts: ViewPart<State>[] = []
    let cursor: string | null = null
    for (let next: string | null = ''; next !== null; ) {
      const query = new URLSearchParams({ parts: 'true', ...(next && { next }) })
      const request = { path: `${path}?${query}`, signal, permanent: PERMANENT }
      const page: Page<State> = await fetchJson(settings, request, readPage<State>)
      parts.push(...page.parts)
      cursor ??= page.cursor
      next = page.next
    }
    return { parts, cursor: cursor ?? '' }
  }
}

type Page<State> = ViewSnapshot<State> & { readonly next: string | null }

function readPage<State>(body: unknown): Page<State> {
  if (!isFields(body) || !Array.isArray(body.parts) || !body.parts.every(isPart))
    throw new PageError('the answer is no page of a view', { code: 'bad_answer', permanent: false })
  const { parts, cursor, next } = body
  if (typeof cursor !== 'string')
    throw new PageError('the view came without a cursor', { code: 'bad_answer', permanent: false })
  parseCursor(cursor)
  return { parts, cursor, next: typeof next === 'string' ? next : null }
}

function isPart(value: unknown): boolean {
  return (
    isFields(value) &&
    [value.key, value.topic, value.epoch].every((text) => typeof text === 'string') &&
    Number.isSafeInteger(value.partition) &&
    Number.isSafeInteger(value.offset) &&
    'state' in value
  )
}
