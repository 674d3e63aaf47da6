/**
 * Settles as `work` does, but rejects after `ms` milliseconds, since neither a chunk of this page nor a request of
 * aws-amplify has a limit of its own. What `work` does later is ignored.
 */
export function limited<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no response within ${ms / 1000} s`)), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** Functions that are limited each, to so many milliseconds. */
export function limitedCalls<
  Calls extends { readonly [name: string]: (...given: never[]) => Promise<unknown> },
>(calls: Calls, ms: number): Calls {
  const entries = Object.entries(calls).map(([name, call]) => [
    name,
    (...given: never[]) => limited(call(...given), ms),
  ])
  return Object.fromEntries(entries) as Calls
}
