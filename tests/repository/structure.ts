import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { repositoryFiles } from '../support/repository-files.ts'

/** `node tests/repository/structure.ts`: reports the structure of the code. `structure.test.ts` checks the limits. */

/** Files that ship or run locally: no tests, and nothing that only tests import. */
export const isProduction = (file: string) =>
  /^(shared|functions|infra|web|localstack|cli|packages)\/.*\.(ts|tsx|mjs|cjs)$/.test(file) &&
  !/\.test\.tsx?$|\.contract\.ts$|\/(testing|simulation|fixtures|example)\//.test(file)

const IMPORT = /^import\s+(?!type\b)(?:[^'"]*?from\s+)?['"]([^'"]+)['"]/gm
const TYPES_ONLY = /^import\s+\{(?:\s*type\s[^,}]+,?)+\s*\}/

/** The files of the repository that a file imports at run time, in their order. */
function importsOf(file: string, text: string): string[] {
  return [...text.matchAll(IMPORT)].flatMap(([statement, specifier = '']) => {
    if (TYPES_ONLY.test(statement)) return []
    if (specifier.startsWith('#shared/')) return [`shared/${specifier.slice(8)}`]
    if (specifier.startsWith('#web/')) return [`web/src/${specifier.slice(5)}`]
    return specifier.startsWith('.') ? [posix.join(posix.dirname(file), specifier)] : []
  })
}

export type Structure = {
  readonly production: readonly string[]
  /** The number of production files in each folder, sorted by number, highest first. */
  readonly folders: readonly (readonly [folder: string, count: number])[]
  /**
   * A reader's walk from a file through the imports of its room: the files opened, and how often an import leads back
   * to a file that was open already.
   */
  readonly walk: (from: string, within: string) => { readonly files: number; readonly returns: number }
}

/** Reads the repository. */
export async function readStructure(): Promise<Structure> {
  const production = (await repositoryFiles()).filter(isProduction)
  const texts = await Promise.all(production.map((file) => readFile(file, 'utf8')))
  const imports = new Map(production.map((file, index) => [file, importsOf(file, texts[index] ?? '')]))
  const counts = new Map<string, number>()
  for (const file of production) counts.set(posix.dirname(file), (counts.get(posix.dirname(file)) ?? 0) + 1)

  function walk(from: string, within: string) {
    const opened = new Set<string>()
    let returns = 0
    const open = (file: string) => {
      opened.add(file)
      for (const next of imports.get(file) ?? []) {
        if (!next.startsWith(within) || !imports.has(next)) continue
        if (opened.has(next)) returns++
        else open(next)
      }
    }
    open(from)
    return { files: opened.size, returns }
  }
  return { production, folders: [...counts].sort(([, a], [, b]) => b - a), walk }
}

if (import.meta.main) {
  const { production, folders, walk } = await readStructure()
  const lines = production.length
  const client = walk('shared/client/connect.ts', 'shared/client/')
  console.info(`production files: ${lines}`)
  console.info(
    `largest folders: ${folders
      .slice(0, 5)
      .map(([folder, count]) => `${folder} ${count}`)
      .join(', ')}`,
  )
  console.info(`connect(): ${client.files} files of the client, ${client.returns} imports lead back`)
}
