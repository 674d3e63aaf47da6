/** Ends the command with a message of one line and an exit code. */
export class CliError extends Error {
  readonly code = 'cli_error'
  readonly exitCode: number

  constructor(message: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.exitCode = options.exitCode ?? 1
  }
}

/** Returns the error for wrong usage. Its exit code is 2, as shells expect. */
export function usageError(message: string): CliError {
  return new CliError(message, { exitCode: 2 })
}
