/** The reason of a refusal as a stable code. Only the HTTP adapter maps a code to a status. */
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
  | 'unsupported_encoding'
  | 'invalid_event'
  | 'idempotency_key_reused'
  | 'rate_limited'
  | 'unavailable'

/** One error of an input: a JSON pointer into the input (into item `index` of a batch) and how to correct it. */
export type Fault = { readonly index?: number; readonly pointer: string; readonly detail: string }

/**
 * An error that the sender of the input can understand and act on. `detail` and `faults` are shown to the sender,
 * `cause` never.
 */
export class Refusal extends Error {
  readonly code: ErrorCode
  readonly faults: readonly Fault[]
  readonly retryAfterSeconds: number | undefined
  /** Whether the same input can succeed if it is sent again. */
  readonly retryable: boolean
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
    this.retryable = options.retryAfterSeconds !== undefined
  }
}

const SHOWN_FAULTS = 3

/** Returns a refusal for these faults. Its detail names the first three of them. */
export function faultsRefusal(
  code: ErrorCode,
  faults: readonly Fault[],
  { cause }: { cause?: unknown } = {},
): Refusal {
  const shown = faults.slice(0, SHOWN_FAULTS).map(({ index, pointer, detail }) => {
    const item = index === undefined ? '' : `[${index}]`
    return `${item}${pointer} ${detail}`.trim()
  })
  if (faults.length > SHOWN_FAULTS) shown.push(`and ${faults.length - SHOWN_FAULTS} more`)
  return new Refusal(code, shown.join('; '), { faults, cause })
}
