import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { domains } from '#shared/domain/catalog.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'

it('every topic of every domain has its line in serverless.yml, and no line is left over', async () => {
  const text = await readFile('serverless.yml', 'utf8')
  const [, list = ''] = /^ {2}topics:\n(?: {4}#.*\n)* {4}names:\n((?: {6}- .+\n)+)/m.exec(text) ?? []

  const listed = list.match(/[a-z-]+$/gm)

  expect(listed?.sort()).toEqual([...createCatalog(domains).names].sort())
})
