import { parseScopes } from '#shared/core/access/grants.ts'
import { ROLES, type Role } from '#shared/core/access/role.ts'
import { type Fault, faultsRefusal, Refusal } from '#shared/core/refusal.ts'
import { messageOf } from '#shared/core/text/message-of.ts'
import { parseTimestamp } from '#shared/core/time.ts'

/** What a key is created from. `expires` is in milliseconds since 1970. */
export type KeyRequest = {
  readonly id: string
  readonly role: Role
  readonly scopes: readonly string[]
  readonly expires?: number
}

const MAX_BODY_BYTES = 16_384
const MAX_SCOPES = 50
const MAX_SCOPE_LENGTH = 500
const ID = /^[a-z0-9][\w.-]{0,63}$/
/** Sources that nobody but the pipeline writes with. */
const RESERVED = /^urn:tidewire(?::|$)/i
const HOUR_SECONDS = 3600
/** For how long the old secret of a key holds after a rotation. */
export const GRACE_SECONDS = { usual: 24 * HOUR_SECONDS, most: 720 * HOUR_SECONDS } as const

type Body = Readonly<Record<string, unknown>>

/** Reads a body that is a JSON object, or empty. Throws Refusal `malformed` or `too_large`. */
export function readJsonBody(body: Uint8Array): Body {
  if (body.length > MAX_BODY_BYTES)
    throw new Refusal('too_large', `The body is larger than ${MAX_BODY_BYTES} bytes; send a smaller one.`)
  if (body.length === 0) return {}
  const json = parse(body)
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Body
  throw new Refusal('malformed', 'The body must be a JSON object.')
}

/** Reads `{id, role, scopes?, expires?}`. Throws Refusal `invalid_event` that names everything that is wrong. */
export function readKeyRequest(body: Body, now: number): KeyRequest {
  const { id, role, scopes = [], expires, ...rest } = body
  const faults: Fault[] = Object.keys(rest).map((name) => ({
    pointer: `/${name}`,
    detail: 'is not a member of a key: id, role, scopes, expires.',
  }))
  const wanted = ROLES.find((name) => name === role)
  const end = typeof expires === 'string' ? parseTimestamp(expires) : null
  if (typeof id !== 'string' || !ID.test(id))
    faults.push({
      pointer: '/id',
      detail:
        'is not a name of lower-case letters, digits, "_", "." and "-" that starts with one of the first two.',
    })
  if (wanted === undefined) faults.push({ pointer: '/role', detail: `is not one of ${ROLES.join(', ')}.` })
  if (expires !== undefined && (end === null || end <= now))
    faults.push({ pointer: '/expires', detail: 'is not an RFC 3339 time in the future.' })
  faults.push(...faultsOf(scopes))
  if (faults.length > 0 || wanted === undefined) throw faultsRefusal('invalid_event', faults)
  return {
    id: id as string,
    role: wanted,
    scopes: scopes as string[],
    ...(end !== null && { expires: end }),
  }
}

/** Reads `{graceSeconds?}` in milliseconds. Throws Refusal `invalid_event`. */
export function readGrace({ graceSeconds = GRACE_SECONDS.usual }: Body): number {
  const isValid = Number.isInteger(graceSeconds) && Number(graceSeconds) >= 0
  if (isValid && Number(graceSeconds) <= GRACE_SECONDS.most) return Number(graceSeconds) * 1000
  const detail = `is not a whole number of seconds from 0 to ${GRACE_SECONDS.most}.`
  throw faultsRefusal('invalid_event', [{ pointer: '/graceSeconds', detail }])
}

function faultsOf(scopes: unknown): Fault[] {
  if (!Array.isArray(scopes) || scopes.length > MAX_SCOPES)
    return [{ pointer: '/scopes', detail: `is not a list of at most ${MAX_SCOPES} scopes.` }]
  return scopes.flatMap((scope: unknown, index) => {
    const detail = scopeProblem(scope)
    return detail === null ? [] : [{ pointer: `/scopes/${index}`, detail }]
  })
}

function scopeProblem(scope: unknown): string | null {
  if (typeof scope !== 'string' || scope.length > MAX_SCOPE_LENGTH)
    return `is not a text of at most ${MAX_SCOPE_LENGTH} characters.`
  try {
    const { roles, sources = [] } = parseScopes([scope])
    if (roles.length > 0) return 'is a role: a key has one, in "role".'
    return sources.some((source) => RESERVED.test(source))
      ? 'is a source of the pipeline, which belongs to nobody else.'
      : null
  } catch (error) {
    return messageOf(error)
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw new Refusal('malformed', 'The body is not JSON; correct its syntax.', { cause })
  }
}
