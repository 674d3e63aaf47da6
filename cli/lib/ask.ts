import { createInterface } from 'node:readline/promises'
import type { CliContext } from './cli-context.ts'
import { CliError, EXIT_CODES, usageError } from './cli-error.ts'

type Streams = Pick<CliContext, 'stdin' | 'stderr' | 'signal'>

/** Whether there is a terminal with somebody to ask. */
export function canAsk({ stdin, stderr }: Pick<Streams, 'stdin' | 'stderr'>): boolean {
  return stdin.isTTY === true && stderr.isTTY === true
}

/**
 * Asks on the terminal, and returns the line without the blanks around it. The question is on stderr, so that stdout has
 * only the result. Throws a CliError if Ctrl-C ends it.
 */
export async function ask(question: string, { stdin, stderr, signal }: Streams): Promise<string> {
  const terminal = createInterface({ input: stdin, output: stderr })
  try {
    return (await terminal.question(question, { signal })).trim()
  } catch (cause) {
    if (!signal.aborted) throw cause
    throw new CliError('nothing was done', { cause, exitCode: EXIT_CODES.interrupted })
  } finally {
    terminal.close()
  }
}

/**
 * Returns whether the user agrees, asked on a terminal; `yes` agrees beforehand. Throws a usage error where nobody can
 * be asked.
 */
export async function confirm(question: string, yes: boolean, context: Streams): Promise<boolean> {
  if (yes) return true
  if (!canAsk(context)) throw usageError(`${question} Nobody can be asked here: give --yes to agree`)
  return /^y(?:es)?$/i.test(await ask(`${question} [y/N] `, context))
}
