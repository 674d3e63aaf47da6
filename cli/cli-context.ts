import type { Readable, Writable } from 'node:stream'

/** A stream that a person may be looking at. */
export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** What a command may touch of the process it runs in. */
export type CliContext = {
  readonly stdin: Readable
  readonly stdout: Terminal
  readonly stderr: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** A command that ends without an error but not with 0 says so here. */
  readonly setExitCode: (code: number) => void
}
