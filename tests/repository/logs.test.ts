import { readFile } from 'node:fs/promises'
import { describe, expect, it, test } from 'vitest'
import { logLeaks } from '../support/log-leaks.ts'
import { repositoryFiles } from '../support/repository-files.ts'

/** The only place that writes to the log of a function, and what a program that uses the client sees in its console. */
const WRITERS = ['shared/client/connect.ts', 'shared/pipeline/log.ts']

test('functions log through one file, which leaves out what came in', async () => {
  const sources = (await repositoryFiles()).filter(
    (file) => /^(shared|functions)\/.+\.ts$/.test(file) && !/\.test\.ts$|\/testing\//.test(file),
  )
  const texts = await Promise.all(sources.map(async (file) => [file, await readFile(file, 'utf8')] as const))
  const writers = texts.filter(([, text]) => /\bconsole\.\w+\(|process\.std(?:out|err)\b/.test(text))

  expect(writers.map(([file]) => file).sort()).toEqual(WRITERS)
})

describe('what the log of every test stack is searched for', () => {
  const table = `
Tidewire is up (1.0 s). Ctrl-C stops it.

  HTTP API   http://localhost:3000
  API key    local-dev-key (header x-api-key)
  Password   Tidewire-local-1 (of each user)

`
  it('is not in the table of addresses, however often it is printed', () => {
    expect(logLeaks(`${table}the demo waits\n${table}`)).toEqual([])
  })

  it.each([
    'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
    'key tw_0123456789abcdef0123',
    'ws://localhost:3001/?key=abc',
    'local-dev-key',
    'authorization: Bearer abcdefghijklmnop',
    '{"specversion":"1.0"}',
    'item { "data" : 1 }',
  ])('is found: %s', (line) => {
    expect(logLeaks(`${table}one\n${line}\ntwo`)).toEqual([line])
  })
})
