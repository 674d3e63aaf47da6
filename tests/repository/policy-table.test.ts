import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { withPolicy } from '../support/policy-table.ts'

test('docs/security.md has the policy as it is (`npm run generate` updates it)', async () => {
  const page = await readFile('docs/security.md', 'utf8')

  expect(withPolicy(page)).toBe(page)
})
