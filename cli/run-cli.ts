import { CommanderError } from 'commander'
import { createProgram } from './create-program.ts'
import type { CliContext } from './lib/cli-context.ts'
import { CliError, EXIT_CODES } from './lib/cli-error.ts'
import { printable } from './lib/printable.ts'

/**
 * Runs one command line; `args` are without the name of the program.
 * Returns the exit code. An error is one line on stderr.
 */
export async function runCli(
  args: readonly string[],
  context: Omit<CliContext, 'setExitCode'>,
): Promise<number> {
  let exitCode = 0
  const setExitCode = (code: number): void => {
    exitCode = code
  }
  try {
    await createProgram({ ...context, setExitCode }).parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    return reportError(error, context)
  }
}

function reportError(error: unknown, { stderr, env }: Omit<CliContext, 'setExitCode'>): number {
  // Commander has printed its own message already. Its code is 0 for --help and 1 for wrong usage.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.success : EXIT_CODES.usage
  const message = error instanceof Error ? error.message : String(error)
  stderr.write(`tidewire: ${printable(message)}\n`)
  if (env.TIDEWIRE_DEBUG && error instanceof Error) stderr.write(`${error.stack}\n`)
  return error instanceof CliError ? error.exitCode : EXIT_CODES.failed
}
