/** What can be wrong with a request, as a stable code. Only `functions/` turns a code into a status. */
export type ErrorCode =
  | 'malformed'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'precondition_failed'
  | 'too_large'
  | 'unsupported_media_type'
  | 'invalid_event'
  | 'idempotency_key_reused'
  | 'rate_limited'
  | 'unavailable'

/** One thing that is wrong: a JSON pointer into the input (of item `index`, in a batch) and what to do about it. */
export type Fault = { readonly index?: number; readonly pointer: string; readonly detail: string }

/** A refusal that its sender can understand and act on. `detail` and `faults` are shown to the sender, `cause` never. */
export class Refusal extends Error {
  readonly code: ErrorCode
  readonly faults: readonly Fault[]
  readonly retryAfterSeconds: number | undefined
  constructor(
    code: ErrorCode,
    detail: string,
    options: { faults?: readonly Fault[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause })
    this.name = 'Refusal'
    this.code = code
    this.faults = options.faults ?? []
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}
