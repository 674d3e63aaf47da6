import { readFile } from 'node:fs/promises'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import {
  lineOf,
  NOTICES,
  namedInNotices,
  packagesOfFunctions,
  packagesOfPage,
} from '../support/third-party.ts'

/** Licences that ask for no more than their notice. Another one needs a decision, and a line in docs/licences.md. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0']

describe.each([
  ['functions', packagesOfFunctions],
  ['page', packagesOfPage],
] as const)('the third-party notices of the %s', (name, packagesOf) => {
  const packages = packagesOf()

  it('name every package of which something is bundled, and no other (`npm run generate` updates them)', async () => {
    const named = namedInNotices(await readFile(NOTICES[name], 'utf8'))

    expect(named.sort()).toEqual((await packages).map(lineOf).sort())
  })

  it('have the text of every licence', async () => {
    const notices = await readFile(NOTICES[name], 'utf8')

    expect((await packages).filter(({ text }) => text === '' || !notices.includes(text))).toEqual([])
  })

  it('have no licence that asks for more than its notice', async () => {
    expect((await packages).filter(({ licence }) => !ALLOWED.includes(licence))).toEqual([])
  })

  it('are listed in docs/licences.md by their licences', async () => {
    const page = await readFile('docs/licences.md', 'utf8')

    for (const { licence } of await packages) expect(page).toContain(licence)
  })
})

test('the notices ship with the packages of the functions', async () => {
  const service = parse(await readFile('serverless.yml', 'utf8')) as { package: { patterns: string[] } }

  expect(service.package.patterns).toContain(NOTICES.functions)
})
