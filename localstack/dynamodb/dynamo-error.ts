const CORAL: Readonly<Record<string, string>> = {
  ValidationException: 'com.amazon.coral.validate#',
  SerializationException: 'com.amazon.coral.service#',
  AccessDeniedException: 'com.amazon.coral.service#',
  UnknownOperationException: 'com.amazon.coral.service#',
}
const DYNAMODB = 'com.amazonaws.dynamodb.v20120810#'

/**
 * An error as DynamoDB names it. `details` are members of the response beside `__type` and `message`, such as the
 * `Item` of a failed condition.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 */
export class DynamoError extends Error {
  override readonly name: string
  readonly status: number
  readonly details: Readonly<Record<string, unknown>>

  constructor(name: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.name = name
    this.status = name === 'InternalServerError' ? 500 : 400
    this.details = details
  }

  /** Returns the body of the response, as JSON. */
  toBody(): string {
    const __type = `${CORAL[this.name] ?? DYNAMODB}${this.name}`
    return JSON.stringify({ __type, message: this.message, ...this.details })
  }
}

/** Returns the error for a request that DynamoDB refuses as invalid. */
export function invalid(message: string): DynamoError {
  return new DynamoError('ValidationException', message)
}

/** Returns the error for what DynamoDB has and this emulator does not. */
export function notEmulated(what: string): DynamoError {
  return invalid(
    `The local tables do not have ${what}. Set DYNAMODB_ENDPOINT to a DynamoDB Local to use it (docs/local-stack.md).`,
  )
}
