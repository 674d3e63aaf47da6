import type { Connection } from '../lib/connection.ts'
import type { Identity } from './sign-in.ts'

/** What a page knows of its stack: its /config.json. */
export type Page = {
  readonly httpUrl: string
  readonly socketUrl: string
  readonly identity?: Identity
  readonly demoUsers?: { readonly emails: readonly string[]; readonly password: string }
}

const TIMEOUT_MS = 10_000

/** Returns what the page at an address knows, or null if there is no page. */
export async function readPage(url: string): Promise<Page | null> {
  const config = await fetchJson(`${url}/config.json`)
  const { httpUrl, socketUrl } = (config ?? {}) as Partial<Page>
  return typeof httpUrl === 'string' && typeof socketUrl === 'string' ? (config as Page) : null
}

/** Returns the page of a stack, if the stack says where it is: only a local one does. */
export async function findPage({ url }: Pick<Connection, 'url'>): Promise<Page | null> {
  const { page } = ((await fetchJson(`${url}/health`)) ?? {}) as { readonly page?: unknown }
  return typeof page === 'string' ? readPage(page) : null
}

/** Returns the JSON at an address; null if there is none; the steps find out why. */
async function fetchJson(url: string): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return response.ok ? await response.json() : null
  } catch {
    return null
  }
}
