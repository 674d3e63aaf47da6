import type { Api } from '#web/live/api.ts'

/** How many pages of the server make a file at most. */
const MOST_PAGES = 200

/**
 * Reads all pages of `GET /events.csv` and gives them to the browser as one file. Answers how many pages it took, and
 * whether there would have been more.
 */
export async function exportCsv(api: Api, query: string, name: string): Promise<{ isCut: boolean }> {
  const parts: string[] = []
  let path: string | null = `/events.csv?${query}`
  for (let page = 0; path !== null && page < MOST_PAGES; page++) {
    const response: Response = await api.raw('GET', path)
    const text = await response.text()
    parts.push(page === 0 ? text : withoutHeader(text))
    path = nextLink(response.headers.get('link'))
  }
  save(new Blob(parts, { type: 'text/csv' }), name)
  return { isCut: path !== null }
}

/** The page that a Link header (RFC 8288) calls the next one. */
export function nextLink(header: string | null): string | null {
  return /<([^>]+)>;\s*rel="next"/.exec(header ?? '')?.[1] ?? null
}

/** A page without its header row, which ends at the first line break: no name of a column holds one. */
export function withoutHeader(csv: string): string {
  const end = csv.indexOf('\n')
  return end === -1 ? '' : csv.slice(end + 1)
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
