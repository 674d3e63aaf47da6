import type { Api } from '#web/live/api.ts'

/** The maximum of pages in a file. */
const MAX_PAGES = 200

/**
 * Reads all pages of `GET /events.csv` and saves them as one file. Returns whether the file was cut because there were
 * too many pages.
 */
export async function exportCsv(api: Api, query: string, name: string): Promise<{ isCut: boolean }> {
  // Excel reads UTF-8 only with a byte order mark, and `text()` has taken that of each page off.
  const parts: string[] = ['\ufeff']
  let path: string | null = `/events.csv?${query}`
  for (let page = 0; path !== null && page < MAX_PAGES; page++) {
    const response: Response = await api.raw('GET', path)
    const text = await response.text()
    parts.push(page === 0 ? text : withoutHeader(text))
    path = nextLink(response.headers.get('link'))
  }
  save(new Blob(parts, { type: 'text/csv' }), name)
  return { isCut: path !== null }
}

/** Returns the next page that a Link header names (RFC 8288); null if it names none. */
export function nextLink(header: string | null): string | null {
  return /<([^>]+)>;\s*rel="next"/.exec(header ?? '')?.[1] ?? null
}

/** Returns a page without its header row, which ends at the first line break: no column name contains one. */
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
