import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { type Result, reportOf } from './report-of.ts'

const RESULTS = new URL('../results/', import.meta.url)
const DOCS = new URL('../../docs/', import.meta.url)

/** Writes docs/performance.md and its charts from the results that were saved, and the remarks beside them. */
export async function writeReport(): Promise<void> {
  const files = (await readdir(RESULTS)).filter((file) => file.endsWith('.json'))
  const results = await Promise.all(
    files.map(async (file) => {
      const name = file.replace(/\.json$/, '')
      const result = JSON.parse(await readFile(new URL(file, RESULTS), 'utf8')) as Result
      const remarks = await readFile(new URL(`${name}.md`, RESULTS), 'utf8').catch(() => '')
      return [name, { ...result, remarks }] as const
    }),
  )
  const { markdown, charts } = reportOf(new Map(results))
  await mkdir(new URL('images/', DOCS), { recursive: true })
  for (const [file, svg] of Object.entries(charts)) await writeFile(new URL(`images/${file}`, DOCS), svg)
  await writeFile(new URL('performance.md', DOCS), markdown)
}
