import { createInterface } from 'node:readline/promises'
import type { CliContext } from './cli-context.ts'
import { CliError, EXIT_CODES, usageError } from './cli-error.ts'

/**
 * Returns whether the user agrees, asked on a terminal; `yes` agrees beforehand. Throws a usage error where nobody can
 * be asked.
 */
export async function confirm(
  question: string,
  yes: boolean,
  { stdin, stderr, signal }: Pick<CliContext, 'stdin' | 'stderr' | 'signal'>,
): Promise<boolean> {
  if (yes) return true
  if (!stdin.isTTY || !stderr.isTTY)
    throw usageError(`${question} Nobody can be asked here: give --yes to agree`)
  const terminal = createInterface({ input: stdin, output: stderr })
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal })
    return /^y(?:es)?$/i.test(answer.trim())
  } catch (cause) {
    if (!signal.aborted) throw cause
    throw new CliError('nothing was done', { cause, exitCode: EXIT_CODES.interrupted })
  } finally {
    terminal.close()
  }
}
