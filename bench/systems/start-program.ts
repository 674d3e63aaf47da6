import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export type Program<Ready> = {
  readonly pid: number
  readonly ready: Ready
  readonly output: () => string
  stop(): Promise<void>
}

type Command = {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Returns what the program is ready with, or null while its output does not say so yet. */
  isReady(output: string): unknown
}

const READY_WITHIN_MS = 60_000
const ENDS_WITHIN_MS = 5_000

/** Starts a program and waits until its output says that it is ready. Rejects with its output if it ends before. */
export async function startProgram<Ready>({
  command,
  args,
  env = {},
  isReady,
}: Command): Promise<Program<Ready>> {
  const child = spawn(command, args, { env: { ...process.env, ...env } })
  let output = ''
  const ready = new Promise<Ready>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${command} was not ready:\n${output}`)), READY_WITHIN_MS)
    const read = (chunk: Buffer) => {
      output = `${output}${chunk.toString()}`.slice(-100_000)
      const found = isReady(output)
      if (found === null) return
      clearTimeout(timer)
      resolve(found as Ready)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`${command} ended with ${code}:\n${output}`))
    })
  })
  return { pid: child.pid ?? 0, ready: await ready, output: () => output, stop: () => stop(child) }
}

/** A program of ours ends when its input does; others by a signal. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.stdin?.end()
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS)
  await exited
  clearTimeout(timer)
}

/** Returns what a program says that it is ready with: the object behind `ready ` on a line; null until then. */
export function readyWith(output: string): unknown {
  const [, text] = /^ready (\{.*\})$/m.exec(output) ?? []
  return text === undefined ? null : JSON.parse(text)
}
