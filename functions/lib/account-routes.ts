import type { HttpRequest, HttpResponse } from '#shared/adapters/http/http-message.ts'
import { may } from '#shared/core/access/authorize.ts'
import { formatGrant } from '#shared/core/access/grants.ts'
import { type Action, ALL_ACTIONS } from '#shared/core/access/policy.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { type AuditedAction, actorOf } from '#shared/core/audit.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import type { KeyStore } from '#shared/pipeline/keys/key-store.ts'
import { createKey, listKeys, revokeKey, rotateKey } from '#shared/pipeline/keys/keys.ts'
import { readGrace, readJsonBody, readKeyRequest } from '#shared/pipeline/keys/read-key-request.ts'
import type { Directory } from '#shared/pipeline/people/directory.ts'
import { endSessions, type SessionDeps } from '#shared/pipeline/people/end-sessions.ts'
import { readPeopleQuery } from '#shared/pipeline/people/read-people-query.ts'

export type AccountDeps = SessionDeps & {
  readonly keys: KeyStore
  readonly audit: Audit
  /** Milliseconds. */
  readonly sleep: (ms: number) => Promise<unknown>
  readonly directory: Directory
}

type Route = {
  readonly action: Action
  readonly respond: (request: HttpRequest, principal: Principal) => Promise<HttpResponse>
}

/** The routes of keys, people and sessions, by method and path. */
export function accountRoutes(deps: AccountDeps): Readonly<Record<string, Route>> {
  return {
    'GET /keys': {
      action: 'keys.read',
      respond: async () => ({ status: 200, body: { keys: await listKeys(deps) } }),
    },
    'POST /keys': {
      action: 'keys.create',
      async respond(request, principal) {
        const key = await createKey(readKeyRequest(readJsonBody(request.body), deps.now()), principal, deps)
        await record('key.created', key.name, { role: key.role, scopes: key.scopes.join(' ') }, [
          request,
          principal,
        ])
        return { status: 201, body: key }
      },
    },
    'POST /keys/{id}/rotate': {
      action: 'keys.rotate',
      async respond(request, principal) {
        const graceMs = readGrace(readJsonBody(request.body))
        const key = await rotateKey({ id: idOf(request), graceMs }, principal, deps)
        await record('key.rotated', key.name, { graceSeconds: graceMs / 1000 }, [request, principal])
        return { status: 200, body: key }
      },
    },
    'DELETE /keys/{id}': {
      action: 'keys.revoke',
      async respond(request, principal) {
        const key = await revokeKey(idOf(request), deps)
        await record('key.revoked', key.name, {}, [request, principal])
        return { status: 200, body: key }
      },
    },
    'GET /users': {
      action: 'users.read',
      respond: async ({ query }) => ({
        status: 200,
        body: { users: await deps.directory.list(readPeopleQuery(query)) },
      }),
    },
    'GET /users/me': {
      action: 'users.me',
      respond: async (_, principal) => ({ status: 200, body: describeSelf(principal) }),
    },
    'POST /users/{name}/revoke': {
      action: 'users.revoke',
      async respond(request, principal) {
        const { name = '' } = request.pathParameters
        // Before the revocation, which then covers what the pool has issued meanwhile.
        const signedOut = await Promise.allSettled([deps.directory.signOut(name)])
        const since = await endSessions(name, deps)
        await record('user.revoked', name, {}, [request, principal])
        for (const outcome of signedOut) if (outcome.status === 'rejected') throw outcome.reason
        return { status: 200, body: { name, since } }
      },
    },
    'DELETE /session': {
      action: 'session.end',
      async respond(request, principal) {
        if (principal.kind !== 'user')
          throw new Refusal(
            'forbidden',
            'Only people have sessions: revoke or rotate a key instead, and delete the app client of a service.',
          )
        const since = await endSessions(principal.name, deps)
        // Tokens count seconds: one that is issued in the second of the revocation would be refused as well.
        await deps.sleep(1000 - (deps.now() % 1000))
        await record('session.ended', principal.name, {}, [request, principal])
        return { status: 200, body: { name: principal.name, since } }
      },
    },
  }

  function record(
    action: AuditedAction,
    target: string,
    details: Readonly<Record<string, string | number>>,
    [{ caller }, principal]: readonly [HttpRequest, Principal],
  ): Promise<void> {
    return deps.audit.record({ action, principal: actorOf(principal), caller, target, details })
  }
}

/** What a client needs to know of its own credentials: what it may do, so that it offers nothing else. */
function describeSelf(principal: Principal) {
  const { kind, name, role, grants, sources, expires } = principal
  return {
    name,
    kind,
    role,
    ...(grants && { grants: grants.map(formatGrant) }),
    ...(sources && { sources }),
    ...(expires !== undefined && { expires: new Date(expires).toISOString() }),
    actions: ALL_ACTIONS.filter((action) => may(principal, action)),
  }
}

function idOf({ pathParameters: { id = '' } }: HttpRequest): string {
  return id
}
