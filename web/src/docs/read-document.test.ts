import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { readDocument } from './read-document.ts'

it('shows every operation of the real document, with its responses and resolved references', async () => {
  const document: unknown = JSON.parse(await readFile('docs/openapi.json', 'utf8'))

  const { title, sections } = readDocument(document)

  const operations = sections.flatMap((section) => section.operations)
  const paths = Object.values((document as { paths: Record<string, object> }).paths)
  const publish = operations.find(({ id }) => id === 'publishEvents')
  expect(title).toBe('Tidewire')
  expect(operations).toHaveLength(paths.flatMap(Object.keys).length)
  expect(publish?.responses.map(({ status }) => status)).toContain('202')
  expect(publish?.examples.length).toBeGreaterThan(0)
  for (const { responses } of operations)
    for (const { description } of responses) expect(description).not.toBe('')
})

it('shows nothing if it is not a document', () => {
  expect(readDocument('nonsense')).toEqual({ title: '', version: '', description: '', sections: [] })
})
