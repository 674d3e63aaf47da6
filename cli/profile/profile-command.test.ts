import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runInProcess } from '../testing/run-in-process.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewire-profiles-'))
  file = join(folder, 'tidewire', 'profiles.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

const run = (args: readonly string[], stdin = '') =>
  runInProcess(['profile', ...args], { stdin, env: { XDG_CONFIG_HOME: folder } })
const stored = (): unknown => JSON.parse(readFileSync(file, 'utf8'))

describe('tidewire profile', () => {
  test('keeps an address with its credentials where only its user can read them', async () => {
    const ran = await run(['set', 'prod', '--url', 'https://prod.example', '--key', '-'], 'tw_secret\n')

    expect(ran).toEqual({
      code: 0,
      stdout: 'the profile prod is https://prod.example, and the current one\n',
      stderr: '',
    })
    expect(stored()).toEqual({
      current: 'prod',
      profiles: { prod: { url: 'https://prod.example', key: 'tw_secret' } },
    })
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('changes what is given and keeps the rest, but no credentials for another address', async () => {
    await run(['set', 'a', '--url', 'https://a.example', '--key', 'k'])
    await run(['set', 'a', '--socket-url', 'wss://a.example'])
    expect(stored()).toMatchObject({
      profiles: { a: { url: 'https://a.example', key: 'k', socketUrl: 'wss://a.example' } },
    })

    await run(['set', 'a', '--token', 't'])
    expect(stored()).toMatchObject({ profiles: { a: { token: 't' } } })

    await run(['set', 'a', '--url', 'https://b.example'])
    expect(stored()).toEqual({ current: 'a', profiles: { a: { url: 'https://b.example' } } })
  })

  test('lists, uses and removes profiles, and prints no credentials', async () => {
    await run(['set', 'b', '--url', 'http://localhost:3000'])
    await run(['set', 'a', '--url', 'https://a.example', '--key', 'tw_secret'])
    expect((await run(['list'])).stdout).toBe(
      '   NAME  URL                    CREDENTIALS\n   a     https://a.example      key\n*  b     http://localhost:3000  -\n',
    )

    await run(['use', 'a'])
    const listed = (await run(['list', '--json'])).stdout
    expect(
      listed
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { name: 'a', current: true, url: 'https://a.example', credentials: 'key' },
      { name: 'b', current: false, url: 'http://localhost:3000', credentials: null },
    ])
    expect(listed).not.toContain('tw_secret')

    expect((await run(['remove', 'a'])).stdout).toBe('the profile a is forgotten\n')
    expect(stored()).toEqual({ current: null, profiles: { b: { url: 'http://localhost:3000' } } })
  })

  test.each([
    [['set', 'x'], 'a new profile needs its address: give --url'],
    [['set', '../x', '--url', 'http://a'], 'has other characters'],
    [['set', 'x', '--url', 'a.example'], 'is not an address that starts with http://'],
    [['use', '__proto__'], 'there is no profile "__proto__"; there are: none'],
    [['remove', 'x'], 'there is no profile "x"'],
  ])('ends %j with exit code 2', async (args, reason) => {
    expect(await run(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(reason) })
  })

  test.each([
    ['{', 'are not usable'],
    ['[]', 'it is not an object'],
    ['{"profiles":{"a":{}}}', '"a" has no "url"'],
    ['{"profiles":{"a":{"url":1}}}', '"url" of "a" is not a text'],
  ])('says what is wrong with a file of profiles that is %s', async (text, reason) => {
    mkdirSync(join(folder, 'tidewire'))
    writeFileSync(file, text)

    const { code, stderr } = await run(['list'])

    expect(code).toBe(1)
    expect(stderr).toContain(reason)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
