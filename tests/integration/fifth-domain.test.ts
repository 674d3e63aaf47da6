import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { get, post, publish, readLog } from '../support/api.ts'
import { copySources } from '../support/copy-sources.ts'
import { type FencedBlock, fencedBlocks } from '../support/fenced-blocks.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

const run = promisify(execFile)
const blocks = fencedBlocks(await readFile('docs/domains.md', 'utf8'))
const of = (language: string) => blocks.filter((block) => block.language === language)

type Answer = { readonly state: Readonly<Record<string, unknown>>; readonly cursor: string }

/** Writes a block into the file that its first line names. */
async function writeBlock(folder: string, { code }: FencedBlock): Promise<void> {
  const [, file = ''] = /^\/\/ (\S+)\n/.exec(code) ?? []
  await mkdir(dirname(join(folder, file)), { recursive: true })
  await writeFile(join(folder, file), code)
}

/** Applies a block to the file that it names. The lines that it removes must be there exactly once. */
async function applyDiff(folder: string, { code }: FencedBlock): Promise<void> {
  const [header = '', ...lines] = code.trimEnd().split('\n')
  const path = join(folder, header.slice('--- '.length))
  const before = lines.filter((line) => !line.startsWith('+')).map((line) => line.slice(1))
  const after = lines.filter((line) => !line.startsWith('-')).map((line) => line.slice(1))
  const parts = (await readFile(path, 'utf8')).split(before.join('\n'))
  expect(parts, `${path} has ${before}`).toHaveLength(2)
  await writeFile(path, parts.join(after.join('\n')))
}

describe('the fifth domain of docs/domains.md', () => {
  let folder = ''
  let stack: TestStack
  beforeAll(async () => {
    folder = await copySources()
    for (const block of of('ts')) await writeBlock(folder, block)
    for (const block of of('diff')) await applyDiff(folder, block)
    // The page of another copy would have to be built; this test does not open it.
    stack = await startStack({ cwd: folder, env: { WEB_DEV: '1' } })
  })
  afterAll(async () => {
    await stack?.dispose()
    await rm(folder, { recursive: true, force: true })
  })

  const bash = async ({ code }: FencedBlock): Promise<unknown> => {
    const env = { ...process.env, TIDEWIRE_URL: stack.httpUrl, TIDEWIRE_KEY: API_KEY }
    return JSON.parse((await run('bash', ['-euo', 'pipefail', '-c', code], { env })).stdout)
  }
  const stateOf = async (path: string) =>
    (await get<Answer>(`${stack.httpUrl}/views/parking/${path}`)).json.state

  it('fits the types, and the topics of serverless.yml', async () => {
    const config = {
      extends: './tsconfig.json',
      include: ['shared/domain/catalog.ts', 'tests/repository/topics.test.ts'],
    }
    await writeFile(join(folder, 'tsconfig.fifth.json'), JSON.stringify(config))

    const checked = await run('node_modules/.bin/tsc', ['--noEmit', '-p', 'tsconfig.fifth.json'], {
      cwd: folder,
    })
    const topics = ['node_modules/vitest/vitest.mjs', 'run', 'tests/repository/topics.test.ts']
    const tested = await run('node_modules/.bin/node', topics, { cwd: folder })

    expect(checked.stdout).toBe('')
    expect(tested.stdout).toContain('1 passed')
  })

  it('is in the catalog, and its events are checked', async () => {
    const { json } = await get<{ domains: { name: string }[] }>(`${stack.httpUrl}/catalog`)
    const refused = await post(
      stack.httpUrl,
      JSON.stringify({ type: 'parking.car.entered', data: { lot: '' } }),
    )

    expect(json.domains.map(({ name }) => name)).toContain('parking')
    expect(refused).toMatchObject({ status: 422, json: { errors: [{ pointer: '/data/lot' }] } })
  })

  it('returns the responses of the page', async () => {
    const [write, read] = of('bash')
    if (!write || !read) throw new Error('docs/domains.md has two commands')

    expect(await bash(write)).toMatchObject({ accepted: 3 })

    const { state } = read.answer as Answer
    await expect.poll(() => stateOf('lots/north')).toEqual(state)
    expect(await bash(read)).toMatchObject({ state, cursor: expect.stringContaining('parking-events@') })
    expect(await stateOf('visits')).toEqual({ visits: 2 })
  })

  it('emits the events that follow once, and merges over the partitions', async () => {
    for (const lot of ['north', 'north', 'south', 'east'])
      await publish(stack.httpUrl, { type: 'parking.car.entered', data: { lot } })

    await expect.poll(() => stateOf('visits')).toEqual({ visits: 6 })
    await expect.poll(async () => (await readLog(stack.httpUrl, 'parking.lot')).length).toBe(1)
    const [full] = await readLog(stack.httpUrl, 'parking.lot')
    expect(full).toMatchObject({
      topic: 'parking-events',
      event: {
        type: 'parking.lot.full',
        subject: 'north',
        severity: 'medium',
        data: { lot: 'north', cars: 3 },
      },
    })
  })

  it('is simulated by its own rules', async () => {
    const args = ['cli/tidewire.mjs', 'simulate', 'parking', '--count', '50', '--rate', 'max', '--json']
    const { stdout } = await run('node_modules/.bin/node', [...args, '--url', stack.httpUrl], { cwd: folder })

    expect(JSON.parse(stdout)).toMatchObject({ published: 50, refused: 0, domains: { parking: 50 } })
    await expect.poll(async () => (await readLog(stack.httpUrl, 'parking.car')).length).toBe(57)
  })
})
