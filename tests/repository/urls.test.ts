import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { repositoryFiles } from '../support/repository-files.ts'

/** Where a key may be in the address of a socket: the table of the local stack, and the client's option `keyInUrl`. */
const LOCAL_SWITCH = ['localstack/boot-stack.ts', 'shared/client/connect.ts']
/** In the query of an address: a literal, or a parameter that is set. */
const CREDENTIAL =
  /[?&](?:key|token|access_token|api_?key|password)=|searchParams\.set\('(?:key|token|password)'/i

test('clients put no credential into an address but the ticket, which is used once', async () => {
  const sources = (await repositoryFiles()).filter(
    (file) =>
      /^(shared\/client|cli|web\/src|packages|localstack)\/.+\.(ts|tsx|mjs)$/.test(file) &&
      !/\.test\.tsx?$|\/testing\//.test(file),
  )
  const texts = await Promise.all(sources.map(async (file) => [file, await readFile(file, 'utf8')] as const))
  const found = texts.filter(([, text]) => CREDENTIAL.test(text.replaceAll(/^ *(?:\/\/|\*|\/\*).*$/gm, '')))

  expect(found.map(([file]) => file).sort()).toEqual(LOCAL_SWITCH)
})

test('no page of the documents shows a credential in an address, but where it says that this is local only', async () => {
  const pages = (await repositoryFiles()).filter((file) => /^(README|docs\/.+|packages\/.+)\.md$/.test(file))
  const texts = await Promise.all(pages.map(async (page) => [page, await readFile(page, 'utf8')] as const))
  const lines = texts.flatMap(([page, text]) =>
    text
      .split('\n')
      .filter((line) => CREDENTIAL.test(line) && !/local/i.test(line))
      .map((line) => `${page}: ${line}`),
  )

  expect(lines).toEqual([])
})
