/** For so long a line is not repeated. */
const REPEATED_AFTER_MS = 60_000
/** The lines that are remembered at most. */
const REMEMBERED = 1000

/**
 * Returns a log without repetitions: a line is logged once a minute, and so are lines that differ in long numbers alone,
 * such as ports and times. Clients that try again every few milliseconds would fill the terminal otherwise.
 */
export function calmLog(log: (line: string) => void, elapsed: () => number): (line: string) => void {
  const loggedAt = new Map<string, number>()
  return (line) => {
    const kind = line.replaceAll(/\d{3,}/g, '#')
    const before = loggedAt.get(kind)
    if (before !== undefined && elapsed() - before < REPEATED_AFTER_MS) return
    if (loggedAt.size >= REMEMBERED) loggedAt.clear()
    loggedAt.set(kind, elapsed())
    log(line)
  }
}
