import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** Runs a program to its end. Resolves with what it wrote to standard output; rejects with all it wrote if it fails. */
export async function runCommand(command: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(command, args, { timeout: 60_000 })
  const exited = once(child, 'exit')
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`)
  return stdout
}

/**
 * Runs a program until `isEnough` of what it has written to standard output, and interrupts it as Ctrl-C does. Resolves
 * with all it wrote there; rejects if it then does not exit with 0.
 */
export async function interruptWhen(
  command: string,
  args: readonly string[],
  isEnough: (output: string) => boolean,
): Promise<string> {
  const child = spawn(command, args, { timeout: 60_000 })
  const exited = once(child, 'exit')
  const errors = text(child.stderr)
  let output = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    output += chunk
    if (isEnough(output)) child.kill('SIGINT')
  }
  const [code] = await exited
  if (code !== 0) throw new Error(`${command} ended with ${code}\n${output}\n${await errors}`)
  return output
}

/** Whether a program exists and exits with 0. */
export function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** The lines of an output, sorted, without empty ones. */
export function sortedLines(output: string): string[] {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .sort()
}
