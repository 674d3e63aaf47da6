/** Errors of the language that wrong code throws. */
const OF_CODE = [TypeError, RangeError, ReferenceError, SyntaxError, URIError, EvalError]
/** The error of DynamoDB for an item or an expression that it never takes. */
const OF_INPUT: ReadonlySet<string> = new Set(['ValidationException'])

/**
 * Whether a failure is one of the code or of its input, so that every repetition fails. All others may pass: throttles,
 * time-outs, connections that broke, permissions that are missing, and what nobody has seen yet.
 */
export function isDefect(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // `fetch` throws a TypeError for a connection that failed, and names that as its cause.
  if (error.cause !== undefined) return false
  return OF_INPUT.has(error.name) || OF_CODE.some((kind) => error instanceof kind)
}
