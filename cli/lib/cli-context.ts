import type { Readable, Writable } from 'node:stream'
import type { Clock } from './clock.ts'

/** A stream that may be shown on a screen. */
export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** What a command may use of the process that it runs in. */
export type CliContext = {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Terminal
  readonly stderr: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** Sets the exit code of a command that ends without an error. The default is 0. */
  readonly setExitCode: (code: number) => void
}
