import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { repositoryFiles } from '../support/repository-files.ts'

const PAGE = 'docs/troubleshooting.md'
const LEAST_LETTERS = 4

const sources = await Promise.all(
  (await repositoryFiles())
    .filter((file) => /^(shared|functions|localstack|cli|infra)\/.+\.(ts|mjs)$/.test(file))
    .filter((file) => !/\.test\.ts$|\/testing\//.test(file))
    .map(async (file) => (await readFile(file, 'utf8')).replaceAll(/\\(['"`])/g, '$1')),
)

/** What the page quotes: lines that begin with ">", and in tables what is printed for a reason. */
async function quotations(): Promise<string[]> {
  const page = await readFile(PAGE, 'utf8')
  const lines = [...page.matchAll(/^> (.+)$/gm)].map(([, line = '']) => line)
  return [...lines, ...[...page.matchAll(/`(gap: [^`]+)`/g)].map(([, line = '']) => line)]
}

/** Whether one source has all parts of a message, between what differs (…). */
function isPrinted(message: string): boolean {
  const parts = message.split('…').map((part) => part.trim())
  const telling = parts.filter((part) => part.length >= LEAST_LETTERS)
  return sources.some((source) => telling.every((part) => source.includes(part)))
}

describe(PAGE, () => {
  it('quotes messages as the product prints them', async () => {
    const quoted = await quotations()

    expect(quoted.length).toBeGreaterThan(40)
    expect(quoted.filter((message) => !isPrinted(message))).toEqual([])
  })

  it('and a message that nothing prints would be found', () => {
    expect(isPrinted('Port … is in use. Stop what listens on it')).toBe(true)
    expect(isPrinted('Port … is taken. Stop what listens on it')).toBe(false)
  })
})
