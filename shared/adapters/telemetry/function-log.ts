import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger'
import type { Context } from 'aws-lambda'
import { type LogFields, type LogLevel, withLogFields, writeLogsWith } from '#shared/pipeline/log.ts'
import { tracePartsOf } from '#shared/pipeline/trace.ts'

type LogAttributes = ConstructorParameters<typeof LogItem>[0]['attributes']
type Unformatted = Parameters<LogFormatter['formatAttributes']>[0]

/** The members of a line, in their order: what an operator looks at first. Every line has the service of its invocation. */
class LineFormatter extends LogFormatter {
  formatAttributes({ logLevel, message, timestamp, xRayTraceId }: Unformatted, more: LogAttributes): LogItem {
    const { [SERVICE]: service, ...fields } = more
    const line = { level: logLevel, message, timestamp: this.formatTimestamp(timestamp), service, ...fields }
    return new LogItem({ attributes: { ...line, ...(xRayTraceId && { xray_trace_id: xRayTraceId }) } })
  }
}

/** Powertools takes no line with a `service` of its own. */
const SERVICE = 'service_of_line'
const WRITERS = { DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const

/** Makes every line of this process one of Powertools' logger: JSON, from the level `LOG_LEVEL` on. */
export function logAsFunction(): void {
  const logger = new Logger({ logFormatter: new LineFormatter(), correlationIdSearchFn: () => undefined })
  const write = (level: LogLevel, message: string, fields?: LogFields) =>
    logger[WRITERS[level]]({ message, ...fields })
  writeLogsWith(write)
  // Node prints its warnings as text, which would not be found among lines that are JSON.
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message, stack }) => {
    if (name !== HARMLESS) write('WARN', 'Node.js warns', { warning: name, detail: message, stack })
  })
}

/** kafkajs sets a timer of -1 ms whenever it has no throttle: https://github.com/tulios/kafkajs/issues/1751 */
const HARMLESS = 'TimeoutNegativeWarning'

/** What an invocation is known by. */
export type Invoked = { readonly service: string; readonly context: Context; readonly isCold: boolean }

/**
 * Runs an invocation: its lines say which one it is, and what it is about. Of the event these are ids that AWS made, and
 * a trace in its own alphabet.
 */
export function logInvocation<T>(event: unknown, { service, context, isCold }: Invoked, run: () => T): T {
  const fields = {
    [SERVICE]: service,
    function_name: context.functionName,
    function_request_id: context.awsRequestId,
    cold_start: isCold,
    ...correlationOf(event),
  }
  return withLogFields(fields, run)
}

type Correlated = {
  readonly requestContext?: { readonly requestId?: string; readonly connectionId?: string }
  readonly headers?: Readonly<Record<string, string | undefined>>
}

function correlationOf(event: unknown): LogFields {
  if (typeof event !== 'object' || event === null) return {}
  const { requestContext, headers } = event as Correlated
  const trace = tracePartsOf(headers?.traceparent)
  return {
    ...(requestContext?.requestId !== undefined && { request_id: requestContext.requestId }),
    ...(requestContext?.connectionId !== undefined && { connection_id: requestContext.connectionId }),
    ...(trace && { trace_id: trace.traceId }),
  }
}
