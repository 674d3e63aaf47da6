import { ACTIONS, type Action, ALL_ACTIONS } from '#shared/core/access/policy.ts'
import type { Domain } from '#shared/domain/define-domain.ts'
import type { accountPaths } from './account-paths.ts'
import type { connectionPaths } from './connection-paths.ts'
import type { deadLetterPaths } from './dead-letter-paths.ts'
import type { eventPaths } from './event-paths.ts'
import type { otherPaths } from './other-paths.ts'
import type { replayPaths } from './replay-paths.ts'
import type { Json } from './schemas.ts'
import type { streamPaths } from './stream-paths.ts'
import type { telemetryPaths } from './telemetry-paths.ts'

type Routes<Paths> = {
  [Path in keyof Paths & string]: `${Uppercase<keyof Paths[Path] & string>} ${Path}`
}[keyof Paths & string]
type Route =
  | Routes<typeof eventPaths>
  | Routes<typeof accountPaths>
  | Routes<typeof connectionPaths>
  | Routes<typeof replayPaths>
  | Routes<typeof deadLetterPaths>
  | Routes<typeof otherPaths>
  | Routes<typeof streamPaths>
  | Routes<typeof telemetryPaths>

/** What a route takes: an action, the action of the move that it makes, or no credentials of ours. */
type Takes = Action | 'a move' | 'the move delete' | 'nothing'

/** What each documented route takes. A route without a line does not compile. */
export const ROUTE_ACTIONS = {
  'GET /events': 'read',
  'POST /events': 'publish',
  'GET /events/since': 'read',
  'GET /events.csv': 'export',
  'GET /events/{id}': 'read',
  'DELETE /events/{id}': 'the move delete',
  'POST /events/{id}/erase': 'events.erase',
  'POST /events/{id}/{move}': 'a move',
  'GET /audit': 'audit.read',
  'GET /dead-letters': 'dead-letters.read',
  'GET /streams': 'streams.list',
  'GET /streams/{topic}': 'streams.list',
  'GET /streams/{topic}/{partition}': 'streams.read',
  'POST /dead-letters/replay': 'dead-letters.replay',
  'POST /dead-letters/discard': 'dead-letters.discard',
  'GET /replays': 'replays.read',
  'POST /replays': 'replays.run',
  'GET /replays/{id}': 'replays.read',
  'POST /replays/{id}/pause': 'replays.run',
  'POST /replays/{id}/resume': 'replays.run',
  'POST /replays/{id}/cancel': 'replays.run',
  'GET /dead-letters/{topic}/{partition}/{offset}': 'dead-letters.read',
  'GET /stats': 'stats.read',
  'GET /telemetry': 'telemetry.read',
  'POST /telemetry': 'telemetry.report',
  'GET /views/{domain}/{view}': 'read',
  'GET /views/{domain}/{view}/{key}': 'read',
  'GET /keys': 'keys.read',
  'POST /keys': 'keys.create',
  'POST /keys/{id}/rotate': 'keys.rotate',
  'DELETE /keys/{id}': 'keys.revoke',
  'GET /users': 'users.read',
  'GET /users/me': 'users.me',
  'POST /users/{name}/revoke': 'users.revoke',
  'DELETE /session': 'session.end',
  'GET /connections': 'connections.read',
  'DELETE /connections/{id}': 'connections.close',
  'POST /tickets': 'tickets.create',
  'GET /catalog': 'catalog.read',
  // The sender's signature is its credential.
  'POST /webhooks/{source}': 'nothing',
  'OPTIONS /webhooks/{source}': 'nothing',
  'GET /webhooks/{source}': 'nothing',
  'HEAD /webhooks/{source}': 'nothing',
  'GET /health': 'nothing',
  'GET /openapi.json': 'nothing',
  'GET /asyncapi.json': 'nothing',
} as const satisfies Readonly<Record<Route, Takes>>

type Paths = Readonly<Record<string, Json>>

/** Returns the paths with what each of their operations takes, in words and as `x-tidewire-action`. */
export function withActions(paths: Paths, domains: readonly Domain[]): Paths {
  const taken: Readonly<Record<string, Takes>> = ROUTE_ACTIONS
  return Object.fromEntries(
    Object.entries(paths).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, operation]) => {
          const takes = taken[`${method.toUpperCase()} ${path}`] ?? 'nothing'
          return [method, describe(operation as Json, takes, domains)]
        }),
      ),
    ]),
  )
}

function describe(operation: Json, takes: Takes, domains: readonly Domain[]): Json {
  if (takes === 'nothing') return operation
  const [words, extension] =
    takes === 'a move'
      ? ofMoves(domains)
      : takes === 'the move delete'
        ? ofMoves(domains, 'delete')
        : of(takes)
  const { description, ...rest } = operation
  return {
    ...rest,
    description: typeof description === 'string' ? `${description}\n\n${words}` : words,
    ...extension,
  }
}

function of(action: Action): [words: string, extension: Json] {
  const role = ACTIONS[action]
  return [
    `Takes the action \`${action}\`: ${sayRole(role)}.`,
    { 'x-tidewire-action': action, 'x-tidewire-role': role },
  ]
}

/** What the moves of the lifecycles take, or only one of them. */
function ofMoves(domains: readonly Domain[], only?: string): [words: string, extension: Json] {
  const wanted = domains.flatMap(({ name, lifecycle }) =>
    Object.keys(lifecycle?.moves ?? {})
      .filter((move) => only === undefined || move === only)
      .map((move) => `move.${name}.${move}`),
  )
  const actions = ALL_ACTIONS.filter((action) => wanted.includes(action))
  const lines = actions.map((action) => `- \`${action}\`: ${sayRole(ACTIONS[action])}`)
  return [
    `Takes the action of the move:\n${lines.join('\n')}`,
    { 'x-tidewire-actions': Object.fromEntries(actions.map((action) => [action, ACTIONS[action]])) },
  ]
}

function sayRole(role: string): string {
  return role === 'admin' ? 'the role admin' : `the role ${role} or a higher one`
}
