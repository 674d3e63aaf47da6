import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'

/** The types of the files of a built page, by their endings. */
export const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

/** The folder of the files that have a hash of their content in their names. */
export const ASSETS = 'assets/'

/** Returns how long a file may be kept without asking for it again, by its path without a slash at the start. */
export function cacheControl(path: string): string {
  return path.startsWith(ASSETS) ? 'public, max-age=31536000, immutable' : 'no-cache'
}

/** A file as it is served. `path` has no slash at the start. */
export type PageFile = {
  readonly path: string
  readonly type: string
  readonly caching: string
  readonly body: Uint8Array
}

/** Returns a file with the type and the caching of its path. Throws if its ending has no type. */
export function pageFile(path: string, body: Uint8Array): PageFile {
  const type = CONTENT_TYPES[extname(path)]
  if (type === undefined) throw new Error(`${path}: the page has no type for files that end so`)
  return { path, type, caching: cacheControl(path), body }
}

/** Reads a built page. Throws if a file has an ending without a type. */
export async function readPage(folder: string): Promise<readonly PageFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(
    paths
      .sort()
      .map(async (path) => pageFile(relative(folder, path).split(sep).join('/'), await readFile(path))),
  )
}
