import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Runs the framework with some arguments. Returns its exit code, and what it printed where that was asked for. */
export type RunFramework = (
  args: readonly string[],
  options?: { readonly isQuiet?: boolean },
) => Promise<{ readonly code: number; readonly output: string }>

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Runs the framework of this repository, on the Node that runs this. */
export const runFramework: RunFramework = (args, { isQuiet = false } = {}) => {
  const script = fileURLToPath(import.meta.resolve('serverless/bin/serverless.js'))
  const child = spawn(process.execPath, [script, ...args], {
    cwd: ROOT,
    stdio: ['inherit', isQuiet ? 'pipe' : 'inherit', isQuiet ? 'pipe' : 'inherit'],
  })
  let output = ''
  const take = (chunk: Buffer) => {
    output += chunk.toString()
  }
  child.stdout?.on('data', take)
  child.stderr?.on('data', take)
  return new Promise((resolve) => child.once('close', (code) => resolve({ code: code ?? 1, output })))
}
