import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { DEFAULT_RETENTION } from '#shared/core/retention.ts'
import { repositoryFiles } from '../support/repository-files.ts'

const files = await repositoryFiles()
const isProduction = (file: string) =>
  /^(shared|functions|infra|localstack|cli|packages|web\/src)\/.+\.(ts|tsx|cjs|mjs)$|^serverless\.yml$/.test(
    file,
  ) && !/\.test\.tsx?$|\/testing\//.test(file)
/** Decisions of the past and the page about the broker, which has a default of its own, as Kafka has. */
const isDocument = (file: string) =>
  /^(docs\/.+|README|packages\/.+)\.md$/.test(file) && !/^docs\/(adr\/|kafka-broker)/.test(file)

/** Where a week or a day is something else. */
const OTHER_DAYS = [
  'infra/parameters/mapping-settings.ts', // Lambda's bound of the age of a record
  'shared/core/retention.ts', // the units of the setting
  'shared/pipeline/webhooks/scheme.ts', // the age of a signature
]
const DAY = /86_?400|604_?800/
const WEEK = /\b(?:7|seven) days\b/

async function linesWith(wanted: (file: string) => boolean, pattern: RegExp): Promise<[string, string][]> {
  const found = await Promise.all(
    files.filter(wanted).map(async (file) => {
      const lines = (await readFile(file, 'utf8')).split('\n')
      return lines.filter((line) => pattern.test(line)).map((line): [string, string] => [file, line])
    }),
  )
  return found.flat()
}

test('what is stored is kept for as long as shared/core/retention.ts says, and no other file counts in days', async () => {
  const stores = /^(shared\/(core|pipeline|adapters|api)|functions|infra|cli)\//
  const lines = await linesWith((file) => stores.test(file) && isProduction(file), DAY)

  expect([...new Set(lines.map(([file]) => file))].sort()).toEqual(OTHER_DAYS)
})

test('a text that says 7 days says that it is the default', async () => {
  const lines = await linesWith((file) => isProduction(file) || isDocument(file), WEEK)

  expect(lines.filter(([, line]) => !line.includes('default'))).toEqual([])
  expect(lines.length).toBeGreaterThan(5)
})

test('the setting has one name', async () => {
  const old = /RETENTION_DAYS|retentionDays/
  expect(await linesWith((file) => isProduction(file) || isDocument(file), old)).toEqual([])
})

test('the default of the template is that of the functions and tools', async () => {
  const [[, line = ''] = []] = await linesWith((file) => file === 'serverless.yml', /env:RETENTION/)
  expect(line.trim()).toBe(`retention: \${env:RETENTION, '${DEFAULT_RETENTION}'}`)
})
