import { createHash } from 'node:crypto'
import { parseScopes } from '#shared/core/access/grants.ts'
import { keyName, type Principal } from '#shared/core/access/principal.ts'
import { highestRole } from '#shared/core/access/role.ts'
import type { ApiKey, KeyStore } from '#shared/pipeline/keys/key-store.ts'
import { logError } from '#shared/pipeline/log-error.ts'

type Options = {
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Called with an error of the table when a use cannot be noted. */
  readonly onError?: (error: unknown) => void
}
type Known = { readonly read: number; readonly principal: Promise<Principal | null> }

/** For how long a key is believed to be as it was read: what is revoked is refused after this time. */
const KEPT_MS = 3000
/** How many secrets are remembered, those that nobody has included. */
const MAX_KNOWN = 1000
/** How often a use is noted by one instance. */
const USE_MS = 60_000
/** No key is longer, so that nobody lets us hash a megabyte. */
const MAX_LENGTH = 256

/**
 * Returns the principal of an API key, or null if it is unknown, has expired or was revoked at most 3 s ago. The
 * table is asked for the hash of the secret, so that the time of a lookup says nothing about the secrets that exist.
 */
export function keyIdentity(
  keys: Pick<KeyStore, 'findBySecret' | 'use'>,
  { now = Date.now, onError = reportUse }: Options = {},
): (secret: string) => Promise<Principal | null> {
  const known = new Map<string, Known>()
  const used = new Map<string, number>()

  return async (secret) => {
    if (secret.length > MAX_LENGTH) return null
    const principal = await lookUp(createHash('sha256').update(secret).digest('hex'))
    if (principal === null) return null
    if (principal.expires !== undefined && principal.expires <= now()) return null
    noteUse(principal.name)
    return principal
  }

  function lookUp(hash: string): Promise<Principal | null> {
    const kept = known.get(hash)
    // A clock that was set back must not make what is known last longer.
    if (kept && Math.abs(now() - kept.read) < KEPT_MS) return kept.principal
    const principal = keys.findBySecret(hash).then((key) => key && principalOf(key, hash))
    known.delete(hash)
    for (const oldest of known.keys()) {
      if (known.size < MAX_KNOWN) break
      known.delete(oldest)
    }
    const entry = { read: now(), principal }
    known.set(hash, entry)
    // A failed read is not remembered; its caller is told.
    principal.catch(() => known.get(hash) === entry && known.delete(hash))
    return principal
  }

  /** Nobody waits for it: when a key was last used helps to find those that nobody uses, and decides nothing. */
  function noteUse(name: string): void {
    const at = now()
    if (Math.abs(at - (used.get(name) ?? Number.NEGATIVE_INFINITY)) < USE_MS) return
    used.set(name, at)
    keys.use(name.slice(keyName('').length), at).catch(onError)
  }
}

/** The principal of a key with one of its secrets, expired or not; null for one that was revoked. */
function principalOf(key: ApiKey, hash: string): Principal | null {
  const secret = key.secrets.find((candidate) => candidate.hash === hash)
  const role = highestRole([key.role])
  if (secret === undefined || role === null || key.revoked !== undefined) return null
  const ends = [key.expires, secret.until].filter((time) => time !== undefined)
  const { grants, sources, actsForOthers } = parseScopes(key.scopes)
  return {
    kind: 'key',
    name: keyName(key.id),
    role,
    ...(grants && { grants }),
    ...(sources && { sources }),
    ...(actsForOthers && { actsForOthers }),
    issued: secret.issued,
    ...(ends.length > 0 && { expires: Math.min(...ends) }),
  }
}

function reportUse(error: unknown): void {
  logError('the last use of an API key could not be noted', error)
}
