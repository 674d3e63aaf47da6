import { describe, expect, it } from 'vitest'
import { runInProcess } from './testing/run-in-process.ts'

describe('help', () => {
  it.each([[[]], [['publish']], [['tail']], [['simulate']]])(
    'explains %j with examples and exit code 0',
    async (command) => {
      const ran = await runInProcess([...command, '--help'])
      expect(ran).toMatchObject({ code: 0, stderr: '' })
      expect(ran.stdout).toContain('Examples:')
      expect(ran.stdout).toContain('--url <url>')
      expect(Math.max(...ran.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(160)
    },
  )
  it('shows addresses from the environment, and never a key', async () => {
    const env = {
      HTTP_PORT: '4000',
      TIDEWIRE_KEY: 'secret-key',
    }
    const { stdout } = await runInProcess(['--help'], { env })
    expect(stdout).toContain('http://localhost:4000')
    expect(stdout).not.toContain('secret-key')
  })
})

describe('errors', () => {
  it.each([
    [['bogus'], "unknown command 'bogus'"],
    [['publish'], "missing required argument 'file'"],
    [['publish', 'x', '--nope'], "unknown option '--nope'"],
    [['publish', 'x', '--format', 'xml'], 'Allowed choices are json, ndjson, csv'],
    [['publish', 'x', '--limit', '0'], 'Give a whole number of at least 1'],
    [['publish', 'x', '--subject', 'a', '--subject-field', 'b'], 'cannot be used with'],
    [['publish', 'x', '--category', 'a..b'], 'has an empty segment'],
    [['publish', 'x', '--source', 'not a uri'], 'is not a URI reference'],
    [['publish', 'x', '--set', 'nothing'], 'is not field=value'],
    [['publish', 'x', '--url', 'localhost:3000'], 'is not an address that starts with http://'],
  ])('ends %j with exit code 2 and the reason', async (args, reason) => {
    const ran = await runInProcess(args)
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(reason) })
  })
  it('says in one line why a file cannot be read, and shows the stack only when asked', async () => {
    const ran = await runInProcess(['publish', '/nowhere/in.csv', '--type', 't'])
    const stderr = 'tidewire: cannot read /nowhere/in.csv: there is no such file\n'
    expect(ran).toEqual({ code: 1, stdout: '', stderr })
    const env = { TIDEWIRE_DEBUG: '1' }
    const debug = await runInProcess(['publish', '/nowhere/in.csv', '--type', 't'], { env })
    expect(debug.stderr).toContain('\n    at ')
  })
})
