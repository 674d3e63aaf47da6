import { AsyncLocalStorage } from 'node:async_hooks'

export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR'

/** What says where a line comes from. Values that a sender chooses as text do not belong into it (log-error.ts). */
export type LogFields = Readonly<Record<string, unknown>>

type WriteLine = (level: LogLevel, message: string, fields: LogFields) => void

/** Commands and tests write plain lines of JSON; a function has its own writer. */
const writeToConsole: WriteLine = (level, message, fields) => {
  if (level === 'ERROR' || level === 'WARN') console.error(JSON.stringify({ level, message, ...fields }))
}

// A line of the log is written from anywhere, and belongs to the invocation that is running there: that cannot be an
// argument of everything. These two are set by functions only (shared/adapters/telemetry/function-log.ts).
let write = writeToConsole
const invocation = new AsyncLocalStorage<LogFields>()

/** Sets what writes the lines of this process. */
export function writeLogsWith(writer: WriteLine): void {
  write = writer
}

/** Runs something whose lines all have these fields, beside those of what runs it; also lines that it writes late. */
export function withLogFields<T>(fields: LogFields, run: () => T): T {
  return invocation.run({ ...invocation.getStore(), ...fields }, run)
}

/** Writes one line. `fields` are what the author of the code knows: positions, counts, names of topics; no input. */
export function writeLog(level: LogLevel, message: string, fields: LogFields = {}): void {
  write(level, message, { ...invocation.getStore(), ...fields })
}
