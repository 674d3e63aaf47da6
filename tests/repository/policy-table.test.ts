import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { withPolicy } from '../support/policy-table.ts'
import { withWildcards } from '../support/wildcards-table.ts'

test('docs/security.md has the policy and the wildcards as they are (`npm run generate` updates them)', async () => {
  const page = await readFile('docs/security.md', 'utf8')

  expect(withPolicy(page)).toBe(page)
  expect(withWildcards(page)).toBe(page)
})
