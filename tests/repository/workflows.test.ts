import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { actionlintPath } from '../support/actionlint-path.ts'

const FOLDER = '.github/workflows'
const workflows = await Promise.all(
  (await readdir(FOLDER)).map(async (name) => [name, await readFile(`${FOLDER}/${name}`, 'utf8')] as const),
)
const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}
/** The first lines of a workflow, before its jobs. */
const headOf = (text: string) => text.slice(0, text.indexOf('\njobs:'))
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, first = '']) => first)

describe.each(workflows)('the workflow %s', (name, text) => {
  test('names each action by a commit, with its version beside it', () => {
    const used = matches(text, /^\s*(?:- )?uses: (.*)$/gm)

    expect(used.length).toBeGreaterThan(0)
    expect(used.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual(
      [],
    )
  })

  test('may read the code and nothing else, unless a job says so', () => {
    expect(headOf(text)).toContain('\npermissions:\n  contents: read\n')
    expect(matches(text, /^\s+([\w-]+: write)$/gm).filter((right) => right !== 'id-token: write')).toEqual([])
    expect(text).not.toMatch(/write-all|pull_request_target/)
  })

  test('has no key of AWS, and leaves no token for the code that it runs', () => {
    expect(text).not.toMatch(/aws-access-key-id|aws-secret-access-key/)
    // The one secret is a key of Tidewire, to try a stage with.
    expect(matches(text, /secrets\.(\w+)/g).filter((secret) => secret !== 'SMOKE_KEY')).toEqual([])
    expect(matches(text, /(actions\/checkout)@/g)).toHaveLength(
      matches(text, /(persist-credentials: false)/g).length,
    )
  })

  test('never puts text of an event into a command', () => {
    const commands = matches(text, /^\s*(?:- )?run: ((?:\|\n(?:\s{10,}.*\n)+)|.*)/gm)

    expect(commands.filter((command) => command.includes('${{'))).toEqual([])
  })

  test('runs scripts that exist', () => {
    const run = matches(text, /npm run ([\w:-]+)/g)

    expect(run.filter((script) => scripts[script] === undefined)).toEqual([])
  })

  test('ends in time, and not beside another run of its kind', () => {
    expect(matches(text, /^ {4}(runs-on):/gm)).toHaveLength(
      matches(text, /^ {4}(timeout-minutes): \d+$/gm).length,
    )
    expect(headOf(text)).toMatch(/\nconcurrency:\n/)
  })

  test.skipIf(actionlintPath() === null)('is what GitHub understands', async () => {
    const lint = promisify(execFile)(actionlintPath() ?? '', ['-no-color', `${FOLDER}/${name}`])

    await expect(lint.catch(({ stdout }: { stdout: string }) => ({ stdout }))).resolves.toMatchObject({
      stdout: '',
    })
  })
})

test('rights in AWS are taken in an environment only, which the role trusts', async () => {
  const role = await readFile('infra/github/deploy-role.yml', 'utf8')
  expect(role).toMatch(/:sub: .*repo:\$\{Repository\}:environment:\$\{Environment\}\n/)

  for (const [, text] of workflows) {
    const jobs = text.slice(text.indexOf('\njobs:')).split(/\n(?= {2}[\w-]+:\n)/)
    for (const job of jobs.filter((each) => each.includes('id-token: write')))
      expect(job).toMatch(/\n {4}environment:/)
  }
})

/** Settings of VS Code are JSON without comments here, so that they can be read. */
test('what VS Code starts is in the repository', async () => {
  const launch = JSON.parse(await readFile('.vscode/launch.json', 'utf8')) as {
    readonly configurations: readonly { readonly name: string; readonly program: string }[]
  }
  const tasks = JSON.parse(await readFile('.vscode/tasks.json', 'utf8')) as {
    readonly tasks: readonly { readonly type: string; readonly script?: string }[]
  }
  for (const { name, program } of launch.configurations) {
    const path = program.replace(/^\$\{workspaceFolder\}\//, '')
    await expect(readFile(path, 'utf8'), name).resolves.not.toBe('')
  }
  const missing = tasks.tasks.filter(
    ({ type, script = '' }) => type === 'npm' && scripts[script] === undefined,
  )
  expect(missing).toEqual([])
})
