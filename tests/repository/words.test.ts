import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { repositoryFiles } from '../support/repository-files.ts'

const production = (await repositoryFiles()).filter(
  (file) =>
    /^(shared|functions|infra|web\/src|localstack|cli|packages)\/.+\.(ts|tsx|cjs|mjs)$/.test(file) &&
    !/\.test\.tsx?$|^shared\/testing\//.test(file),
)

/** Two different words of a list beside each other in a literal list or a union. */
function pairOf(words: string): RegExp {
  return new RegExp(`(['"])(${words})\\1\\s*[,|]\\s*(['"])(?!\\2)(${words})\\3`)
}
const ROLES = pairOf('viewer|publisher|operator|admin')
/** The others of the five are also words of prices, volumes and messages. */
const SEVERITIES = pairOf('critical|high')

async function filesWith(pair: RegExp): Promise<string[]> {
  const found = await Promise.all(
    production.map(async (file) => (pair.test(await readFile(file, 'utf8')) ? [file] : [])),
  )
  return found.flat()
}

test('the roles are listed in shared/core/access/role.ts and nowhere else', async () => {
  expect(await filesWith(ROLES)).toEqual(['shared/core/access/role.ts'])
})

test('the severities are listed in shared/core/severity.ts and nowhere else', async () => {
  expect(await filesWith(SEVERITIES)).toEqual(['shared/core/severity.ts'])
})

test('a second list would be found', () => {
  expect(ROLES.test("type Role = 'viewer' | 'publisher'")).toBe(true)
  expect(ROLES.test("['operator', 'admin']")).toBe(true)
  expect(SEVERITIES.test("['critical', 'high', 'medium']")).toBe(true)
  expect(SEVERITIES.test("['open', 'high', 'low']")).toBe(false)
})

/** Words that a sentence of a reference does not need; docs/architecture.md, "House style". */
const BOOKISH = /\b(anew|whoever|whomever|whatever|merely)\b/gi

test('no comment, message or page has a word that plain technical English does without', async () => {
  const pages = (await repositoryFiles()).filter((file) =>
    /^(README|CONTRIBUTING|SECURITY)\.md$|^docs\/(?!adr\/|images\/).+\.(md|json|py|go)$|^packages\/[^/]+\/README\.md$|^serverless\.yml$/.test(
      file,
    ),
  )
  const found = await Promise.all(
    [...production, ...pages].map(async (file) => {
      const words = (await readFile(file, 'utf8')).match(BOOKISH) ?? []
      return words.map((word) => `${file}: ${word}`)
    }),
  )

  expect(pages.length).toBeGreaterThan(20)
  expect(found.flat()).toEqual([])
})
