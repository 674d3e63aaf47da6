/** Thrown where records cannot be folded now; the same records come again. */
export class FoldError extends Error {
  readonly code: 'rebuilding' | 'stale_epoch'
  readonly retryable = true
  constructor(code: FoldError['code'], message: string) {
    super(message)
    this.name = 'FoldError'
    this.code = code
  }
}

/** The error for a stream that only its rebuilder may fold. */
export function rebuildingError({ topic, partition }: { topic: string; partition: number }): FoldError {
  const what = `the views of ${topic}, partition ${partition}, are being rebuilt`
  return new FoldError(
    'rebuilding',
    `${what}; this batch comes again. If no rebuild runs, one died: run "tidewire replay --views" again.`,
  )
}
