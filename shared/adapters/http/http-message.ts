import type { Caller } from '#shared/core/audit.ts'

/**
 * A request, parsed once: header names in lower case, the body as the bytes that were sent. There is always a
 * `traceparent`: one that is missing or invalid is replaced by a new one.
 */
export type HttpRequest = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly query: Readonly<Record<string, string | undefined>>
  /** The query string as it was sent, without its question mark. */
  readonly rawQuery: string
  readonly pathParameters: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
  /** Where it came from, as the audit trail says it. */
  readonly caller: Caller
  /** Returns how long the function may still run, in milliseconds. */
  readonly remainingMs: () => number
  /** Aborted when the function is about to run into its limit and has responded without waiting any longer. */
  readonly signal: AbortSignal
}

/** A response: `body` is written as JSON unless it is text. */
export type HttpResponse = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}
