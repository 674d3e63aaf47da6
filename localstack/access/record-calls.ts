import { appendFileSync } from 'node:fs'

/** A call of a function, as it is recorded: a line of JSON. */
export type RecordedCall = {
  readonly function: string
  readonly action: string
  readonly resource: string
  /** The patterns of the leading keys by which it was allowed; empty where the policy asks for none. */
  readonly keys: readonly string[]
  readonly isAllowed: boolean
}

/**
 * Returns what appends calls to a file, each once. Several stacks may write to one file: a line is shorter than what a
 * write appends at once.
 */
export function recordCalls(file: string): (call: RecordedCall) => void {
  const known = new Set<string>()
  return (call) => {
    const line = JSON.stringify(call)
    if (known.has(line)) return
    known.add(line)
    appendFileSync(file, `${line}\n`)
  }
}
