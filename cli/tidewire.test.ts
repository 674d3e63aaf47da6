import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeSockets, startFakeSockets } from './testing/fake-stacks.ts'

const LAUNCHER = join(import.meta.dirname, 'tidewire.mjs')
/** Makes any Node look like one that cannot run TypeScript. */
const PRETEND_OLD = `--import=data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })",
)}`

/** Every Node that this machine has, with a name for the test. */
function findNodes(): [string, string][] {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => safeList(folder).includes('node'))
  const paths = new Set([process.execPath, ...folders.map((folder) => join(folder, 'node'))])
  return [...paths].map((path) => [execFileSync(path, ['--version'], { encoding: 'utf8' }).trim(), path])
}
function safeList(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

type Ended = {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

function launch(
  node: string,
  args: readonly string[],
): { child: ChildProcess; ended: Promise<Ended>; stderr: () => string } {
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })),
  )
  return { child, ended, stderr: () => stderr }
}

describe('the launcher', () => {
  let stack: FakeSockets
  beforeEach(async () => {
    stack = await startFakeSockets()
  })
  afterEach(() => stack.stop())
  const tail = (...more: string[]): string[] => {
    return ['tail', 'port.ship', '--url', stack.url, ...more]
  }

  it.each(findNodes())('runs the commands under %s', async (_, node) => {
    const help = await launch(node, [LAUNCHER, '--help']).ended
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('publish') })
    expect((await launch(node, [LAUNCHER, 'bogus']).ended).code).toBe(2)
  })
  it('starts the pinned Node where its own is too old', async () => {
    const help = await launch(process.execPath, [PRETEND_OLD, LAUNCHER, '--help']).ended
    expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('publish') })
  })
  it.each(['SIGINT', 'SIGTERM'] as const)('hands on %s, and the command ends cleanly', async (signal) => {
    const { child, ended, stderr } = launch(process.execPath, [PRETEND_OLD, LAUNCHER, ...tail()])
    await expect.poll(stderr).toContain('live:')
    child.kill(signal)
    expect(await ended).toMatchObject({
      code: 0,
      signal: null,
      stderr: expect.stringContaining('0 events received\n'),
    })
  })
  it('ends quietly when the reader of its output goes', async () => {
    const { child, ended, stderr } = launch(process.execPath, [PRETEND_OLD, LAUNCHER, ...tail('--json')])
    await expect.poll(stderr).toContain('live:')
    child.stdout?.destroy()
    const event = { specversion: '1.0', id: '1', source: '/s', type: 't', category: 'port.ship' } as const
    stack.push([{ topic: 't', partition: 0, offset: 0, event }])
    const { code, stderr: text } = await ended
    expect(code).toBe(0)
    expect(text).not.toContain('EPIPE')
  })
  it.each([[[]], [[PRETEND_OLD]]])(
    'asks for npm install where nothing is installed (%j)',
    async (options) => {
      const folder = mkdtempSync(join(tmpdir(), 'tidewire-launcher-'))
      copyFileSync(LAUNCHER, join(folder, 'tidewire.mjs'))
      const ran = await launch(process.execPath, [...options, join(folder, 'tidewire.mjs')]).ended
      rmSync(folder, { recursive: true })
      const stderr = 'tidewire: its dependencies are missing; run npm install first\n'
      expect(ran).toMatchObject({ code: 1, stdout: '', stderr })
    },
  )
})
