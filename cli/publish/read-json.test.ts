import fc from 'fast-check'
import { expect, it } from 'vitest'
import { splitLines } from './read-json.ts'

async function collect(chunks: readonly Buffer[], limit: number): Promise<(string | null)[]> {
  const lines: (string | null)[] = []
  async function* stream(): AsyncGenerator<Buffer> {
    yield* chunks
  }
  for await (const { bytes } of splitLines(stream(), limit)) lines.push(bytes?.toString() ?? null)
  return lines
}

it('splits the same lines wherever the chunks are cut, and lets long ones pass', async () => {
  const text = fc.array(fc.constantFrom('a', 'é', '\n', 'xyz'), { maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (parts, size) => {
      const bytes = Buffer.from(parts.join(''))
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.subarray(n * size, (n + 1) * size),
      )
      const lines = bytes.toString().split('\n')
      if (lines.at(-1) === '') lines.pop()
      expect(await collect(chunks, 8)).toEqual(
        lines.map((line) => (Buffer.byteLength(line) > 8 ? null : line)),
      )
    }),
  )
})
