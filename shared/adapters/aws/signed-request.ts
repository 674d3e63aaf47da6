import { hash } from 'node:crypto'
import { type HttpReply, keepAliveRequester } from './keep-alive-request.ts'
import { createSigner, type SignOptions } from './sign-request.ts'

/** The body of a request, with what its signature and its headers say about it. */
export type Payload = {
  readonly content: string | Uint8Array
  readonly sha256: string
  readonly bytes: number
}

export function payloadOf(content: string | Uint8Array): Payload {
  return { content, sha256: hash('sha256', content), bytes: Buffer.byteLength(content) }
}

export type SignedRequest = {
  /** POST unless it is another. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** As it is sent: encoded once. */
  readonly path: string
  /** Encoded strictly, its parameters in the order of their names. */
  readonly query?: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload: Payload
  /** The maximum duration of the whole exchange, in milliseconds. */
  readonly timeoutMs: number
}

/**
 * Returns a function that signs a request to a service of AWS and sends it over a socket that is kept alive. It returns
 * any response that comes, and throws as keepAliveRequester does.
 */
export function signedRequester(
  service: string,
  endpoint: URL,
): (request: SignedRequest, options: SignOptions) => Promise<HttpReply> {
  const sign = createSigner(service)
  const send = keepAliveRequester(endpoint)
  const { host } = endpoint
  return ({ method = 'POST', path, query, headers, payload, timeoutMs }, options) => {
    const unsigned = { method, path, query, headers: { host, ...headers }, bodySha256: payload.sha256 }
    const signed = sign(unsigned, options)
    signed['content-length'] = String(payload.bytes)
    return send({
      method,
      path: query === undefined ? path : `${path}?${query}`,
      headers: signed,
      body: payload.content,
      timeoutMs,
    })
  }
}
