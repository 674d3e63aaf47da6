/** How a command ends. What the codes mean is documented in docs/command-line.md. */
export const EXIT_CODES = {
  success: 0,
  /** It failed, or a part of it did. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The stack cannot be reached. */
  unreachable: 3,
  /** The credentials were refused, or may not do this. */
  refused: 4,
  /** Ended by Ctrl-C before it was done. */
  interrupted: 130,
} as const

/** Ends the command with a message of one line and an exit code. */
export class CliError extends Error {
  readonly code = 'cli_error'
  readonly exitCode: number

  constructor(message: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.exitCode = options.exitCode ?? EXIT_CODES.failed
  }
}

/** Returns the error for wrong usage. Its exit code is 2, as shells expect. */
export function usageError(message: string): CliError {
  return new CliError(message, { exitCode: EXIT_CODES.usage })
}

/** Returns why a call failed. The message of a fetch is only "fetch failed"; the reason is in its cause. */
export function failureOf(error: unknown): { readonly code: string; readonly reason: string } {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = String((inner as NodeJS.ErrnoException).code ?? '')
  return { code, reason: (inner instanceof Error ? inner.message : String(inner)) || code }
}
