/** Ends the command with one line for a person and an exit code. */
export class CliError extends Error {
  readonly code = 'cli_error'
  readonly exitCode: number

  constructor(message: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.exitCode = options.exitCode ?? 1
  }
}

/** What was asked for makes no sense: exit code 2, as shells expect. */
export function usageError(message: string): CliError {
  return new CliError(message, { exitCode: 2 })
}
