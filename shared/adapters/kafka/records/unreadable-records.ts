/** What was compressed cannot be read: it is no stream of its codec, or it holds more than may be read. */
export class UnreadableRecords extends Error {
  override readonly name = 'UnreadableRecords'
  readonly isTooLarge: boolean

  constructor(
    message: string,
    { isTooLarge = false, cause }: { isTooLarge?: boolean; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? {} : { cause })
    this.isTooLarge = isTooLarge
  }
}
