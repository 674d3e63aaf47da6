/**
 * Returns what the work returns. Rejects with `reason` if it takes longer than `ms` milliseconds; it may be done later. A
 * plain timer: an aborted sleep creates an error with its stack, which was a third of the CPU of a single post to Kafka.
 */
export async function within<T>(ms: number, work: Promise<T>, reason: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(reason)), ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
