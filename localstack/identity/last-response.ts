/** Returns JSON as a whole HTTP response with the status 200, after which the connection ends. */
export function lastResponse(value: unknown): string {
  const body = JSON.stringify(value)
  const length = Buffer.byteLength(body)
  const head = ['HTTP/1.1 200 OK', 'content-type: application/json', `content-length: ${length}`]
  return `${[...head, 'connection: close'].join('\r\n')}\r\n\r\n${body}`
}
