import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLog } from '../support/api.ts'
import { fencedBlocks } from '../support/fenced-blocks.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

const run = promisify(execFile)
const markdown = await readFile('docs/ingest.md', 'utf8')
const examples = fencedBlocks(markdown).filter(({ language }) => language !== 'sh')

/** The program of each language. Examples in a language without its program are skipped, with the reason. */
const PROGRAMS: Readonly<Record<string, { file: string; args: string[]; suffix: string }>> = {
  bash: { file: 'bash', args: ['-euo', 'pipefail'], suffix: 'sh' },
  ts: { file: resolve('node_modules/.bin/node'), args: [], suffix: 'ts' },
  python: { file: '/usr/bin/python3', args: [], suffix: 'py' },
}

/** Members whose values differ from run to run. */
const VOLATILE = new Set(['partition', 'offset', 'timestamp', 'found'])

function missingTool(language: string, code: string): string | null {
  const tools = [
    PROGRAMS[language]?.file ?? language,
    ...['curl', 'kcat'].filter((tool) => code.includes(tool)),
  ]
  const missing = tools.find((tool) => spawnSync('which', [tool]).status !== 0)
  return missing ? `${missing} is not installed` : null
}

/** Returns a response in which the values that differ from run to run are replaced by their kind. */
function steady(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => steady(item))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, steady(member, key)]))
  // Where suites share the tables there are more dead letters than one.
  if (name === 'next') return 'a page or null'
  const isMade = name === 'id' && /^[0-9a-f]{6,}(-|…)/.test(String(value))
  return VOLATILE.has(name) || isMade ? typeof value : value
}

describe('the examples of docs/ingest.md', () => {
  let stack: TestStack
  let folder = ''
  let env: Record<string, string> = {}
  beforeAll(async () => {
    stack = await startStack()
    folder = await mkdtemp(join(tmpdir(), 'tidewire-docs-'))
    const kafka = process.env.KAFKA_BROKERS ?? `127.0.0.1:${stack.ports.KAFKA_PORT}`
    env = { TIDEWIRE_URL: stack.httpUrl, TIDEWIRE_KEY: API_KEY, KAFKA: kafka }
  })
  afterAll(async () => {
    await stack?.dispose()
    await rm(folder, { recursive: true, force: true })
  })

  it('need no other settings than these', () => {
    const [setup] = fencedBlocks(markdown).filter(({ language }) => language === 'sh')

    expect([...(setup?.code ?? '').matchAll(/(\w+)=/g)].map(([, name]) => name)).toEqual(Object.keys(env))
    expect(examples.length).toBeGreaterThan(10)
  })

  for (const { language, code, line, answer } of examples) {
    const reason = missingTool(language, code)
    it.skipIf(reason)(`line ${line}, ${language}${reason ? ` (skipped: ${reason})` : ''}`, async () => {
      const { file = '', args = [], suffix = '' } = PROGRAMS[language] ?? {}
      const path = join(folder, `line-${line}.${suffix}`)
      await writeFile(path, code)

      const { stdout } = await run(file, [...args, path], { env: { ...process.env, ...env } })

      if (answer === undefined) expect(stdout).toBe('')
      else expect(steady(JSON.parse(stdout))).toEqual(steady(answer))
    })
  }

  const kcat = missingTool('bash', 'kcat')
  it.skipIf(kcat)(`reached the log, those of kcat too${kcat ? ` (skipped: ${kcat})` : ''}`, async () => {
    const ids = async () => (await readLog(stack.httpUrl, '**')).map(({ event }) => event.id)

    await expect.poll(ids).toEqual(expect.arrayContaining(['tick-1', 'post-7', 'r-1', 'r-3', 'k-1', 'k-2']))
    expect(await ids()).not.toContain('k-3')
    expect((await ids()).filter((id) => id === 'r-2')).toHaveLength(1)
  })
})
