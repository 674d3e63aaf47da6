/** The bytes of a request do not follow its grammar. The connection that sent them is closed. */
export class MalformedRequestError extends Error {
  readonly code = 'MALFORMED_REQUEST'
  override readonly name = 'MalformedRequestError'
}
