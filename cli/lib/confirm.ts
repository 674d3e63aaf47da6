import { ask, canAsk } from './ask.ts'
import type { CliContext } from './cli-context.ts'
import { usageError } from './cli-error.ts'

/**
 * Returns whether the user agrees, asked on a terminal; `yes` agrees beforehand. Throws a usage error where nobody can
 * be asked.
 */
export async function confirm(
  question: string,
  yes: boolean,
  context: Pick<CliContext, 'stdin' | 'stderr' | 'signal'>,
): Promise<boolean> {
  if (yes) return true
  if (!canAsk(context)) throw usageError(`${question} Nobody can be asked here: give --yes to agree`)
  return /^y(?:es)?$/i.test(await ask(`${question} [y/N] `, context))
}
