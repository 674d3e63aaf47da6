import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { type Ran, type Running, type RunOptions, startInProcess } from './run-in-process.ts'
import { type FakeOptions, type FakeStack, startFakeStack } from './start-fake-stack.ts'

export type PreparedPublish = {
  readonly stack: () => FakeStack
  /** Replaces the stack with one that answers otherwise. */
  readonly use: (options: FakeOptions) => Promise<void>
  /** Writes an input file and returns its path. */
  readonly file: (name: string, text: string | Buffer) => string
  readonly start: (args: readonly string[], options?: RunOptions) => Running
  readonly publish: (args: readonly string[], options?: RunOptions) => Promise<Ran>
}

/** Gives every test of a file a stack and a folder of its own, and `publish` against them. */
export function preparePublish(): PreparedPublish {
  let stack: FakeStack
  let folder: string
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tidewire-cli-'))
    stack = await startFakeStack({ partitions: 2 })
  })
  afterEach(async () => {
    await stack.stop()
    rmSync(folder, { recursive: true })
  })
  const start: PreparedPublish['start'] = (args, options) =>
    startInProcess(['publish', ...args, '--url', stack.url], options)
  return {
    stack: () => stack,
    use: async (options) => {
      await stack.stop()
      stack = await startFakeStack(options)
    },
    file: (name, text) => {
      const path = join(folder, name)
      writeFileSync(path, text)
      return path
    },
    start,
    publish: (args, options) => start(args, options).ended,
  }
}
