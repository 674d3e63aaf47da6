/** Counts what all instances of the functions do, so that a limit holds for them together. */
export type RateCounter = {
  /**
   * Adds to the count of a name in a span of time and returns the sum. The span is the number of spans of its length since
   * 1970; the count is forgotten some time after its end. Throws what the table throws.
   */
  add(name: string, span: Span, by: number): Promise<number>
}

/** `seconds` is the length, `index` is how many of this length have passed since 1970. */
export type Span = { readonly seconds: number; readonly index: number }

/** The span of this length that a time, in milliseconds since 1970, is in. */
export function spanAt(time: number, seconds: number): Span {
  return { seconds, index: Math.floor(time / (seconds * 1000)) }
}

/** The end of a span, in milliseconds since 1970. */
export function endOf({ seconds, index }: Span): number {
  return (index + 1) * seconds * 1000
}
