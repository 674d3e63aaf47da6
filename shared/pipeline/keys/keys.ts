import { createHash, randomBytes } from 'node:crypto'
import { type Grant, parseScopes } from '#shared/core/access/grants.ts'
import { keyName, type Principal } from '#shared/core/access/principal.ts'
import { coversPattern } from '#shared/core/channel.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { RevocationStore } from '#shared/pipeline/revocations.ts'
import type { ApiKey, KeySecret, KeyStore } from './key-store.ts'
import type { KeyRequest } from './read-key-request.ts'

export type KeyDeps = {
  readonly keys: KeyStore
  readonly revocations: Pick<RevocationStore, 'revoke'>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** A key as it is shown: everything but its secret. Times are RFC 3339. */
export type KeyView = {
  readonly id: string
  /** What events and the audit trail call it. */
  readonly name: string
  readonly role: string
  readonly scopes: readonly string[]
  readonly created: string
  readonly createdBy: string
  readonly expires?: string
  /** At most a minute older than the last use. */
  readonly lastUsed?: string
  /** Until when the secret from before the last rotation holds. */
  readonly oldSecretUntil?: string
  readonly revoked?: string
}

/** A key with its secret, which is shown this once. */
export type KeyWithSecret = KeyView & { readonly secret: string }

/** Socket connections last 2 h, and what they were opened with a little longer: a revocation is kept for this long. */
const REVOKED_FOR_MS = 3 * 3_600_000
const SECRET_BYTES = 32
/** A rotation is one conditional write; another change may come between a few times. */
const ATTEMPTS = 5

/** Returns every key, also those that were revoked, sorted by id. */
export async function listKeys({ keys }: Pick<KeyDeps, 'keys'>): Promise<KeyView[]> {
  const [all, uses] = await Promise.all([keys.list(), keys.uses()])
  return all.map((key) => describeKey(key, uses.get(key.id)))
}

/**
 * Creates a key. Returns it with its secret. Throws Refusal `conflict` if the id was ever taken, or a source belongs to
 * another key, and `forbidden` if the key could do what its creator may not.
 */
export async function createKey(
  { id, role, scopes, expires }: KeyRequest,
  creator: Principal,
  { keys, now }: KeyDeps,
): Promise<KeyWithSecret> {
  assertWithin(creator, scopes)
  const secret = makeSecret()
  const created = now()
  const key: ApiKey = {
    id,
    role,
    scopes,
    secrets: [{ hash: hashOf(secret), issued: created }],
    created,
    createdBy: creator.name,
    ...(expires !== undefined && { expires }),
    version: 1,
  }
  if (!(await keys.add(key)))
    throw new Refusal(
      'conflict',
      `There is a key "${id}" already, or there was one: its name is in the history of events. Choose another id.`,
    )
  await claimSources(key, keys)
  return { ...describeKey(key), secret }
}

/**
 * Gives a key a new secret, and returns it. The one before holds for `graceMs` more, any older one ends now. Throws
 * Refusal `not_found`, `conflict` for a key that was revoked, and `forbidden` as `createKey` does.
 */
export async function rotateKey(
  { id, graceMs }: { readonly id: string; readonly graceMs: number },
  by: Principal,
  { keys, revocations, now }: KeyDeps,
): Promise<KeyWithSecret> {
  const secret = makeSecret()
  const key = await change(id, keys, (known) => {
    assertWithin(by, known.scopes)
    if (known.revoked !== undefined)
      throw new Refusal('conflict', `The key "${id}" was revoked; create another one.`)
    const at = now()
    const [before] = known.secrets
    const left: KeySecret[] = before && graceMs > 0 ? [{ ...before, until: endOf(before, at + graceMs) }] : []
    return { ...known, secrets: [{ hash: hashOf(secret), issued: at }, ...left] }
  })
  const [{ issued } = { issued: now() }] = key.secrets
  // Sockets that were opened with the old secret end too, before they ask anything.
  if (graceMs === 0) await revocations.revoke(keyName(id), issued - 1, issued + REVOKED_FOR_MS)
  return { ...describeKey(key), secret }
}

/**
 * Revokes a key: within 3 s no request and no socket may use it. To revoke it again changes nothing. Throws Refusal
 * `not_found`.
 */
export async function revokeKey(id: string, { keys, revocations, now }: KeyDeps): Promise<KeyView> {
  const key = await change(id, keys, (known) => ({ ...known, revoked: known.revoked ?? now() }))
  const at = now()
  await revocations.revoke(keyName(id), at, at + REVOKED_FOR_MS)
  for (const source of parseScopes(key.scopes).sources ?? []) await keys.releaseSource(source, id)
  return describeKey(key)
}

/** Applies a change to the key as it is now, again if somebody else changed it meanwhile. */
async function change(id: string, keys: KeyStore, apply: (key: ApiKey) => ApiKey): Promise<ApiKey> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = await keys.find(id)
    if (known === null) throw new Refusal('not_found', `There is no key "${id}".`)
    const changed = { ...apply(known), version: known.version + 1 }
    if (await keys.replace(changed)) return changed
  }
  throw new Refusal('conflict', `The key "${id}" is being changed by others; send the request again.`, {
    retryAfterSeconds: 1,
  })
}

/**
 * Claims the sources of a key that nobody has the secret of yet. A source of a key that was revoked is free. If another
 * key has one, the new key is removed.
 */
async function claimSources({ id, scopes }: ApiKey, keys: KeyStore): Promise<void> {
  const sources = parseScopes(scopes).sources ?? []
  for (const source of sources) {
    let owner = await keys.claimSource(source, id)
    if (owner !== id) {
      const other = await keys.find(owner)
      if (other === null || other.revoked !== undefined) {
        await keys.releaseSource(source, owner)
        owner = await keys.claimSource(source, id)
      }
    }
    if (owner === id) continue
    for (const claimed of sources) await keys.releaseSource(claimed, id)
    await keys.remove(id)
    throw new Refusal('conflict', `The source ${JSON.stringify(source)} belongs to the key "${owner}".`)
  }
}

/** Throws Refusal `forbidden` if a key of these scopes could do more than a principal that is narrowed by grants. */
function assertWithin({ grants, actsForOthers }: Principal, scopes: readonly string[]): void {
  if (grants === undefined) return
  const wanted = parseScopes(scopes)
  const isCovered = (grant: Grant) =>
    grants.some(
      (own) =>
        coversPattern(own.actions, grant.actions) &&
        coversPattern(own.channels, grant.channels) &&
        coversPattern(own.types, grant.types),
    )
  const isWithin = wanted.grants?.every(isCovered) && (!wanted.actsForOthers || actsForOthers)
  if (!isWithin)
    throw new Refusal(
      'forbidden',
      'Your own credentials are narrowed by scopes, so you can give a key no others than these.',
    )
}

/** `tw_`, 256 random bits, and 6 characters that follow from these, by which scanners recognise a key in a leak. */
function makeSecret(): string {
  const random = randomBytes(SECRET_BYTES).toString('base64url')
  return `tw_${random}${createHash('sha256').update(random).digest('base64url').slice(0, 6)}`
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

function endOf({ until }: KeySecret, end: number): number {
  return until === undefined ? end : Math.min(until, end)
}

function describeKey(key: ApiKey, used?: number): KeyView {
  const { id, role, scopes, secrets, created, createdBy, expires, revoked } = key
  const time = (ms: number) => new Date(ms).toISOString()
  const [, { until } = {}] = secrets
  return {
    id,
    name: keyName(id),
    role,
    scopes,
    created: time(created),
    createdBy,
    ...(expires !== undefined && { expires: time(expires) }),
    ...(used !== undefined && { lastUsed: time(used) }),
    ...(until !== undefined && { oldSecretUntil: time(until) }),
    ...(revoked !== undefined && { revoked: time(revoked) }),
  }
}
