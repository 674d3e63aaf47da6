import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runInProcess } from '../testing/run-in-process.ts'

let folder: string
let script: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidewire-completion-'))
  writeFileSync(join(folder, 'events.ndjson'), '')
  script = (await runInProcess(['completion', 'bash'])).stdout
})
afterAll(() => rmSync(folder, { recursive: true }))

const has = (shell: string) => spawnSync(shell, ['--version']).status === 0

/** What bash offers for the last of these words. */
function complete(...words: readonly string[]): readonly string[] {
  const line = ['tidewire', ...words].map((word) => `'${word}'`).join(' ')
  const ask = `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _tidewire; printf '%s\\n' "\${COMPREPLY[@]}"`
  const said = execFileSync('bash', ['--norc', '-c', `${script}\n${ask}`], { cwd: folder, encoding: 'utf8' })
  return said.split('\n').filter((name) => name !== '')
}

describe.runIf(has('bash'))('completion in bash', () => {
  test.each([
    [[''], ['publish', 'tail', 'keys', 'doctor']],
    [['pu'], ['publish']],
    [
      ['keys', ''],
      ['list', 'create', 'rotate', 'revoke'],
    ],
    [
      ['--url', 'http://localhost:1', 'keys', 'r'],
      ['rotate', 'revoke'],
    ],
    [
      ['keys', 'create', 'shop', '--role', ''],
      ['viewer', 'publisher', 'operator', 'admin'],
    ],
    [['keys', 'create', 'shop', '--ex'], ['--expires']],
    [['tail', 'port.**', '--prof'], ['--profile']],
    [['publish', 'ev'], ['events.ndjson']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
  ])('offers for %j among others %j', (words, offered) => {
    expect(complete(...words)).toEqual(expect.arrayContaining(offered))
  })

  test.each([[['tail', '']], [['keys', 'create', 'shop', '--expires', '']], [['nothing', 'li']]])(
    'offers nothing for %j, which may be anything',
    (words) => {
      expect(complete(...words)).toEqual([])
    },
  )

  test('names no hidden option', () => {
    expect(complete('tail', '--')).toContain('--key')
    expect(complete('tail', '--')).not.toContain('--api-key')
  })
})

describe.each([
  ['zsh', '-n'],
  ['fish', '--no-execute'],
])('completion in %s', (shell, check) => {
  test('names the commands and options', async () => {
    const { code, stdout } = await runInProcess(['completion', shell])

    expect(code).toBe(0)
    for (const word of ['publish', 'keys create', 'role', 'viewer']) expect(stdout).toContain(word)
  })

  test.runIf(has(shell))('is a script of that shell', async () => {
    const { stdout } = await runInProcess(['completion', shell])
    writeFileSync(join(folder, shell), stdout)

    expect(spawnSync(shell, [check, join(folder, shell)], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    })
  })
})

test('as JSON the script is one member', async () => {
  const { stdout } = await runInProcess(['completion', 'bash', '--json'])

  expect(JSON.parse(stdout)).toEqual({ shell: 'bash', script })
})

test('another shell is wrong usage', async () => {
  const ran = await runInProcess(['completion', 'cmd'])

  expect(ran).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Allowed choices are bash, zsh, fish'),
  })
})
