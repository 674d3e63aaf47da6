/** Of these wrong passwords in a row the last one locks a user, as in a user pool of Cognito. */
const FAILURES = 5
const FIRST_LOCK_MS = 1000
const LONGEST_LOCK_MS = 15 * 60_000
/** Failures are forgotten after this time. */
const MEMORY_MS = 15 * 60_000
const MOST_USERS = 10_000

type Failures = { readonly count: number; readonly at: number }

/**
 * Locks users after wrong passwords: for a second after the fifth one, and twice as long after each further one, up to 15
 * minutes. `now` returns milliseconds.
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/authentication.html
 */
export function signInLockout(now: () => number) {
  const failures = new Map<string, Failures>()
  const known = (user: string) => {
    const found = failures.get(user)
    return found && now() - found.at < MEMORY_MS ? found : { count: 0, at: 0 }
  }
  const turns = new Map<string, Promise<void>>()
  return {
    /**
     * Runs attempts of a user one after the other, so that each sees what became of those before: a burst of guesses has no
     * more of them than a row. Returns and throws what `attempt` does.
     */
    async inTurn<T>(user: string, attempt: () => Promise<T>): Promise<T> {
      const before = turns.get(user)
      const running = (before ?? Promise.resolve()).then(attempt)
      const done = running.then(
        () => {},
        () => {},
      )
      turns.set(user, done)
      try {
        return await running
      } finally {
        if (turns.get(user) === done) turns.delete(user)
      }
    },
    /** Whether a user may not sign in at the moment, even with the right password. */
    isLocked(user: string): boolean {
      const { count, at } = known(user)
      if (count < FAILURES) return false
      return now() - at < Math.min(LONGEST_LOCK_MS, FIRST_LOCK_MS * 2 ** (count - FAILURES))
    },
    noteFailure(user: string): void {
      const { count } = known(user)
      failures.delete(user)
      failures.set(user, { count: count + 1, at: now() })
      const [oldest] = failures.keys()
      if (failures.size > MOST_USERS && oldest !== undefined) failures.delete(oldest)
    },
    noteSuccess(user: string): void {
      failures.delete(user)
    },
  }
}
