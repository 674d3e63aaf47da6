import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json, text } from 'node:stream/consumers'
import { CognitoError, InvalidPasswordError, NotAuthorizedError } from 'cognito-local/lib/errors.js'
import publicKey from 'cognito-local/lib/keys/cognitoLocal.public.json' with { type: 'json' }
import { type AccessCheck, createAccessCheck } from '../access/access-check.ts'
import { accessKeyIn } from '../access/caller.ts'
import type { Access } from '../access/read-access.ts'
import { listenOnLoopback } from '../listen-on-loopback.ts'
import { runAsWorker } from '../start-worker.ts'
import { isDiskFailure, reasonOf } from '../trouble/watch-writes.ts'
import { createTrustingServer, type Trust } from '../trusted-requests.ts'
import { type CallAction, type PoolEvent, poolEvent } from './announce-changes.ts'
import { createIdentity } from './create-identity.ts'
import { issueServiceToken } from './service-token.ts'
import { signInLockout } from './sign-in-lockout.ts'
import { POOL_ARN, USER_POOL_ID } from './user-pool.ts'

type Data = {
  readonly issuer: string
  readonly dataDir: string
  readonly groups: readonly string[]
  readonly trust: Trust
  readonly access: Access
  /** The function that hears of changes to users, by name, at the Invoke API; null if there is none. */
  readonly listener: {
    readonly url: string
    readonly actions: readonly string[]
    readonly refusals: readonly string[]
  } | null
}

// The worker thread that `startIdentity` starts. It listens on any free port.
await runAsWorker(async (data: Data, log) => {
  const { listener, issuer, trust } = data
  const changes = listener && { actions: listener.actions, announce: announceTo(listener.url) }
  const call = await createIdentity({ ...data, log, ...(changes && { changes }) })
  const server = identityServer(
    {
      call,
      issuer: `${issuer}/${USER_POOL_ID}`,
      lockout: signInLockout(Date.now),
      check: createAccessCheck(data.access, log),
      announceRefusal: async (action, errorMessage, sourceIPAddress) => {
        if (!changes || !listener.refusals.includes(action)) return
        const refused = { errorCode: 'NotAuthorizedException', errorMessage, sourceIPAddress }
        // What hears of it is no part of signing in.
        await changes.announce(poolEvent(action, Date.now(), refused)).catch((error) => log(String(error)))
      },
    },
    trust,
  )
  await listenOnLoopback(server, 0)
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `127.0.0.1:${port}`,
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }
})

/** Calls a function as EventBridge does. Rejects if it fails, because a test must not go on without it. */
function announceTo(url: string): (event: PoolEvent) => Promise<void> {
  return async (event) => {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(event) })
    const body = await response.text()
    if (!response.ok || response.headers.has('x-amz-function-error'))
      throw new Error(`${event.detail.eventName} was done, and the function that hears of it failed: ${body}`)
  }
}

/** The page is served from another port. A request with an origin is one of a page that may read the response. */
const corsOf = (origin: string | undefined) => ({
  ...(origin !== undefined && {
    'access-control-allow-origin': origin,
    'access-control-allow-headers': '*',
    'access-control-max-age': '600',
  }),
  vary: 'origin',
})

type Reply = { readonly status: number; readonly body?: unknown }

type Identity = {
  readonly call: CallAction
  readonly issuer: string
  readonly lockout: ReturnType<typeof signInLockout>
  readonly check: AccessCheck
  /** Tells of a sign-in that was refused. Never rejects. */
  readonly announceRefusal: (action: string, message: string, address: string) => Promise<void>
}

/**
 * Cognito's HTTP interface: `POST /` with the action in `x-amz-target`, the public keys of its tokens, and the token
 * endpoint for services.
 */
function identityServer(identity: Identity, trust: Trust): Server {
  return createTrustingServer(trust, (request, response) => {
    const cors = corsOf(request.headers.origin)
    respond(request, identity).then(
      (reply) => send(response, reply, cors),
      (error: unknown) => send(response, failure('InternalErrorException', String(error), 500), cors),
    )
  })
}

async function respond(request: IncomingMessage, identity: Identity): Promise<Reply> {
  const { call, issuer, lockout, check, announceRefusal } = identity
  const { method, url = '' } = request
  if (method === 'OPTIONS') return { status: 204 }
  if (url.endsWith('/.well-known/jwks.json')) return { status: 200, body: { keys: [publicKey.jwk] } }
  if (method === 'POST' && url === '/oauth2/token') {
    const { authorization } = request.headers
    return issueServiceToken({ authorization, body: await text(request) }, issuer, Date.now())
  }
  const [, action] = String(request.headers['x-amz-target'] ?? '').split('.')
  if (method !== 'POST' || !action) return failure('UnknownOperationException', 'Send an x-amz-target.')
  const input: unknown = await json(request)
  const denied = check({
    accessKey: accessKeyIn(request.headers.authorization),
    action: `cognito-idp:${action}`,
    resource: POOL_ARN,
  })
  if (denied !== null) return failure('AccessDeniedException', denied)
  const user = userSigningIn(action, input)
  const refuse = async (message: string): Promise<Reply> => {
    await announceRefusal(action, message, request.socket.remoteAddress ?? '')
    return failure('NotAuthorizedException', message)
  }
  const outcome = await (user === null ? attempt(null) : lockout.inTurn(user, () => attempt(user)))
  return typeof outcome === 'string' ? refuse(outcome) : outcome

  /** Returns why a sign-in is refused, or the reply. */
  async function attempt(signingIn: string | null): Promise<Reply | string> {
    if (signingIn !== null && lockout.isLocked(signingIn)) return 'Password attempts exceeded'
    try {
      const body = await call(action ?? '', input)
      if (signingIn !== null) lockout.noteSuccess(signingIn)
      return { status: 200, body }
    } catch (error) {
      const isWrong = error instanceof InvalidPasswordError || error instanceof NotAuthorizedError
      if (signingIn === null || !isWrong) return explain(error)
      lockout.noteFailure(signingIn)
      // Cognito has the same response for a wrong password and for an unknown user, unlike the emulator.
      return 'Incorrect username or password.'
    }
  }
}

/** Whose password this is an attempt to sign in with, if it is one. Names of users are case-insensitive. */
function userSigningIn(action: string, input: unknown): string | null {
  const { AuthFlow, AuthParameters } = (input ?? {}) as {
    readonly AuthFlow?: string
    readonly AuthParameters?: { readonly USERNAME?: unknown }
  }
  if (action !== 'InitiateAuth' || AuthFlow !== 'USER_PASSWORD_AUTH') return null
  return String(AuthParameters?.USERNAME ?? '').toLowerCase()
}

function explain(error: unknown): Reply {
  if (error instanceof CognitoError) return failure(error.code, error.message)
  if (isDiskFailure(error))
    return failure('InternalErrorException', `The users cannot be written: ${reasonOf(error)}`, 500)
  return failure('UnsupportedOperationException', `The local stack cannot do this: ${error}`)
}

function failure(type: string, message: string, status = 400): Reply {
  return { status, body: { __type: type, message } }
}

function send(response: ServerResponse, { status, body }: Reply, cors: ReturnType<typeof corsOf>): void {
  response.writeHead(status, { ...cors, 'content-type': 'application/x-amz-json-1.1' })
  response.end(body === undefined ? undefined : JSON.stringify(body, inSeconds))
}

/** In Cognito's JSON, times are seconds since 1970. */
function inSeconds(this: unknown, name: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[name]
  return original instanceof Date ? Math.floor(original.getTime() / 1000) : value
}
