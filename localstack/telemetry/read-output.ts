import { Buffer } from 'node:buffer'

type Takers = {
  /** Gets a line of the embedded metric format. */
  readonly metrics: (line: string) => void
  /** Gets what a person reads. */
  readonly log: (line: string) => void
}

/** What is before a line that is no JSON: CloudWatch Logs could not search it by its fields. */
export const NOT_JSON = 'a function wrote a line that is not JSON: '

/**
 * Returns what takes the output of the functions, as CloudWatch Logs does: metrics are counted and not shown, lines of
 * the log are shown to people, other JSON as it is, and anything else as what should not be there.
 */
export function outputReader({ metrics, log }: Takers): (chunk: string | Uint8Array) => void {
  let rest = ''
  return (chunk) => {
    const lines = (rest + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('{"_aws":')) metrics(line)
      else if (line !== '') log(readable(line))
    }
  }
}

/** Ids of an invocation mean nothing on a machine where each is the only one; cold starts are those of the whole stack. */
const HIDDEN = new Set([
  'level',
  'message',
  'service',
  'timestamp',
  'function_name',
  'function_request_id',
  'cold_start',
])

/** Returns a line of the log as a person reads it. */
function readable(line: string): string {
  const fields = parse(line)
  if (fields === null) return `${NOT_JSON}${line}`
  if (typeof fields.level !== 'string' || typeof fields.message !== 'string') return line
  const { level, message, service, error } = fields
  const more = Object.entries(fields).filter(([name]) => !HIDDEN.has(name) && name !== 'error')
  const where = more.map(
    ([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return [`${level} ${service ?? 'function'}: ${message}${where.join('')}`, ...errorLines(error)].join('\n')
}

function errorLines(error: unknown, prefix = ''): string[] {
  if (!isFields(error)) return []
  const { type, message, code, trace, cause } = error
  const named = [message, code].filter((one) => one !== undefined).join(', ')
  const at = Array.isArray(trace) ? trace.map((frame) => `      ${frame}`) : []
  return [
    `    ${prefix}${type}${named === '' ? '' : `: ${named}`}`,
    ...at,
    ...errorLines(cause, 'caused by '),
  ]
}

function parse(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.startsWith('{')) return null
  try {
    const fields: unknown = JSON.parse(line)
    return isFields(fields) ? fields : null
  } catch {
    return null
  }
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
