import { Refusal } from '#shared/core/refusal.ts'
import { type LogFields, writeLog } from './log.ts'

/** What a log says of an error. */
type Described = {
  readonly type: string
  readonly message?: string
  readonly code?: string
  readonly trace?: readonly string[]
  readonly cause?: Described
}

const MAX_MESSAGE = 500
const MAX_FRAMES = 12
const MAX_CAUSES = 4

/**
 * Writes one line to the log, at the level ERROR. Of an error it has what the author of the code wrote, and nothing that
 * came in: clients of AWS put the item of a refused condition, or a whole response, into members of their errors, and
 * others quote their input (`withoutInput`).
 */
export function logError(message: string, error?: unknown, more: LogFields = {}): void {
  const described = error === undefined ? {} : { error: describe(error) }
  writeLog('ERROR', message, { ...more, ...described })
}

/**
 * Returns an error for a runtime that logs what a function throws, with all members: the same type, message and trace, and
 * nothing else.
 */
export function withoutInput(error: unknown): Error {
  const { type, message = '', trace = [] } = describe(error)
  const bare = new Error(message)
  bare.name = type
  bare.stack = [message === '' ? type : `${type}: ${message}`, ...trace].join('\n    ')
  return bare
}

function describe(error: unknown, depth = 0): Described {
  if (!(error instanceof Error)) return { type: error === null ? 'null' : typeof error }
  const { name, stack = '', cause } = error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const trace = stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => line.trim())
  return {
    type: name,
    ...(!quotesInput(error) && { message: error.message.slice(0, MAX_MESSAGE) }),
    ...(code !== undefined && { code }),
    ...(trace.length > 0 && { trace }),
    ...(cause !== undefined && depth < MAX_CAUSES && { cause: describe(cause, depth + 1) }),
  }
}

/** `JSON.parse` and `BigInt` quote what they cannot read, schemas name what they found, and most refusals are for their sender. */
function quotesInput(error: Error): boolean {
  if (error instanceof Refusal) return error.code !== 'unavailable'
  return error instanceof SyntaxError || error.name.includes('ZodError')
}
