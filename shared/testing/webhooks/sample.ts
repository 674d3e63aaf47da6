/** A delivery of a provider and the expected event. */
export type Sample = {
  readonly name: string
  readonly source: string
  readonly payload: (at: Date) => string
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly expected: Readonly<Record<string, string>>
}

/** Returns a value as a JSON payload. */
export const json = (value: unknown) => () => JSON.stringify(value)
export const TIME = '2026-11-21T08:00:00Z'
