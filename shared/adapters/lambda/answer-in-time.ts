import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import { logInvocation } from '#shared/adapters/telemetry/function-log.ts'
import { logError, withoutInput } from '#shared/pipeline/log-error.ts'
import { NO_TELEMETRY, type Telemetry } from '#shared/pipeline/telemetry/telemetry.ts'

/** Time kept back from the limit of a function for its last response, in milliseconds: a busy sandbox is slow. */
export const LAST_WORD_MS = 500

/** The function was about to run into its own limit. */
export class OutOfTime extends Error {
  constructor() {
    super('the function ran out of time')
    this.name = 'OutOfTime'
  }
}

/** Returns how long a function may work if it keeps back `reserveMs`, but at most a quarter of what is left, in milliseconds. */
export function timeLeft(
  { getRemainingTimeInMillis }: Pick<Context, 'getRemainingTimeInMillis'>,
  reserveMs: number,
): number {
  const left = getRemainingTimeInMillis()
  return left - Math.min(reserveMs, left / 4)
}

type Options<Event, Result> = {
  /** What is returned for an event whose handler is late. What it throws is the error of the function. */
  readonly late: (event: Event, context: Context) => Result | Promise<Result>
  /** Time kept back for `late`, in milliseconds. */
  readonly reserveMs?: number
  /** Counts the invocations; what the handler measured in the same telemetry is written with them. */
  readonly telemetry?: Telemetry | undefined
}

/**
 * Makes a Lambda handler that returns before the function runs into its time limit, since a function that is cut is an
 * error of the gateway or a batch that is retried as a whole (docs/adr/0023). `signal` is aborted then. What the handler
 * still does goes on until the sandbox is frozen, and again when it is thawed: it must be work that may be repeated, and
 * what can stop at the signal should. Of an error that the handler throws, the runtime logs no member and no input.
 * Metrics and spans leave the sandbox before the response does: it may be frozen for good then.
 */
export function answerInTime<Event, Result>(
  handle: (event: Event, context: Context, signal: AbortSignal) => Promise<Result>,
  { late, reserveMs = LAST_WORD_MS, telemetry = NO_TELEMETRY }: Options<Event, Result>,
): (event: Event, context: Context) => Promise<Result> {
  const { service, metrics, tracing, report } = telemetry
  const answer = middy<Event, Result>({
    timeoutEarlyInMillis: reserveMs,
    timeoutEarlyResponse: () => {
      throw new OutOfTime()
    },
  })
    .onError(async (request) => {
      metrics.count('function_errors', 1)
      if (request.error instanceof OutOfTime) request.response = await late(request.event, request.context)
      else request.error = withoutInput(request.error)
    })
    .handler((event, context, { signal }) => handle(event, context, signal))
  let isCold = true
  return (event, context) =>
    logInvocation(event, { service, context, isCold }, async () => {
      const begin = performance.now()
      const looking = report
        ?.look()
        .catch((error: unknown) => logError('nobody knows who reads the report', error))
      if (isCold) metrics.count('cold_starts', 1)
      isCold = false
      try {
        return await answer(event, context)
      } finally {
        metrics.observe('function_duration', performance.now() - begin)
        metrics.flush()
        await Promise.all([tracing.flush(), looking?.then(report?.write)])
      }
    })
}
