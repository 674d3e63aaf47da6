import { mkdirSync } from 'node:fs'

/** Makes a folder, unless it exists. Throws an error that names it if something else is in its place. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new Error(`${folder} cannot be used as a folder: ${(cause as Error).message}`, { cause })
  }
}
