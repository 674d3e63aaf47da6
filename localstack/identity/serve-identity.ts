import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { CognitoError, InvalidPasswordError, NotAuthorizedError } from 'cognito-local/lib/errors.js'
import publicKey from 'cognito-local/lib/keys/cognitoLocal.public.json' with { type: 'json' }
import type { CallAction } from './create-identity.ts'

/** The page of another port calls it. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-max-age': '600',
}

type Answer = { readonly status: number; readonly body?: unknown }

/** Cognito's HTTP interface: `POST /` with the action in `x-amz-target`, and the keys of the tokens. */
export function identityServer(call: CallAction): Server {
  return createServer((request, response) => {
    respond(request, call).then(
      (answer) => send(response, answer),
      (error: unknown) => send(response, failure('InternalErrorException', String(error), 500)),
    )
  })
}

async function respond(request: IncomingMessage, call: CallAction): Promise<Answer> {
  const { method, url = '' } = request
  if (method === 'OPTIONS') return { status: 204 }
  if (url.endsWith('/.well-known/jwks.json')) return { status: 200, body: { keys: [publicKey.jwk] } }
  const [, action] = String(request.headers['x-amz-target'] ?? '').split('.')
  if (method !== 'POST' || !action) return failure('UnknownOperationException', 'Send an x-amz-target.')
  const input: unknown = await json(request)
  try {
    return { status: 200, body: await call(action, input) }
  } catch (error) {
    return explain(error, action, input)
  }
}

/** Cognito does not tell a wrong password from an unknown user; the emulator does. */
function explain(error: unknown, action: string, input: unknown): Answer {
  const isSignIn =
    action === 'InitiateAuth' && (input as { AuthFlow?: string }).AuthFlow === 'USER_PASSWORD_AUTH'
  if (isSignIn && (error instanceof InvalidPasswordError || error instanceof NotAuthorizedError))
    return failure('NotAuthorizedException', 'Incorrect username or password.')
  if (error instanceof CognitoError) return failure(error.code, error.message)
  return failure('UnsupportedOperationException', `The local stack cannot do this: ${error}`)
}

function failure(type: string, message: string, status = 400): Answer {
  return { status, body: { __type: type, message } }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { ...CORS, 'content-type': 'application/x-amz-json-1.1' })
  response.end(body === undefined ? undefined : JSON.stringify(body, inSeconds))
}

/** Times are seconds since 1970 in Cognito's JSON. */
function inSeconds(this: unknown, name: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[name]
  return original instanceof Date ? Math.floor(original.getTime() / 1000) : value
}
