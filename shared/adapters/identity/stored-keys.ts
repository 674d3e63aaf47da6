import { JwtWithoutValidKidError, KidNotFoundInJwksError } from 'aws-jwt-verify/error'
import type { JwksCache } from 'aws-jwt-verify/jwk'
import { Refusal } from '#shared/core/refusal.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import type { SigningKeyStore, SigningKeys } from '#shared/pipeline/signing-key-store.ts'

type Jwk = Awaited<ReturnType<JwksCache['getJwk']>>
type Token = Parameters<JwksCache['getJwk']>[1]
type Options = {
  readonly issuer: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** How old a copy is at most that was read from the store, before it is read again: a key that was withdrawn ends. */
const FRESH_MS = 60_000
/** How often the store is asked at most for a key that the copy does not have. */
const AGAIN_MS = 3000
/** A copy that is older says nothing of what the issuer has withdrawn since. It is made every minute. */
export const OLDEST_COPY_MS = 24 * 3_600_000
/** How much the clocks of the issuer and of a function may differ. */
const SKEW_MS = 60_000
/** By then there is another copy. */
const RETRY_AFTER_SECONDS = 30

type Known = { readonly copied: number; readonly keys: ReadonlyMap<string, Jwk> }

/**
 * The keys of an issuer, from the copy in the store. Nothing else is asked. Throws Refusal `unavailable` while nobody can
 * know whether a token is good: there is no copy, it is too old, or the token names a key that the copy does not have and
 * was issued after the copy was made. A token with such a key from before the copy is not valid.
 */
export function storedKeys(store: Pick<SigningKeyStore, 'find'>, { issuer, now }: Options): JwksCache {
  let known: Known | undefined
  let asked = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined

  async function ask(): Promise<void> {
    asked = now()
    try {
      const found = await store.find(issuer)
      if (found !== null && found.copied !== known?.copied) known = readKeys(found)
    } catch (error) {
      if (known === undefined) throw error
      logError('the keys of the issuer cannot be read again; the last ones are used', error)
    } finally {
      asking = undefined
    }
  }
  // A clock that was set back must not make what is known last longer.
  const isWithin = (ms: number) => Math.abs(now() - asked) <= ms
  const askUnlessWithin = (ms: number) => {
    if (asking === undefined && !isWithin(ms)) asking = ask()
    return asking
  }

  return {
    async getJwk(_, { header, payload }: Token) {
      const { kid } = header
      if (typeof kid !== 'string') throw new JwtWithoutValidKidError('the token names no key')
      await askUnlessWithin(known === undefined ? AGAIN_MS : FRESH_MS)
      if (!known?.keys.has(kid)) await askUnlessWithin(AGAIN_MS)
      if (known === undefined || now() - known.copied > OLDEST_COPY_MS) throw unavailable()
      const key = known.keys.get(kid)
      if (key !== undefined) return key
      const issued = Number(payload.iat) * 1000
      const isNewer = issued > known.copied - SKEW_MS && issued <= now() + SKEW_MS
      if (isNewer) throw unavailable()
      throw new KidNotFoundInJwksError('the issuer has no such key')
    },
    // What follows is for verifiers that wait for nothing, and for those that are given keys.
    getCachedJwk: () => refuseUse(),
    addJwks: () => refuseUse(),
    getJwks: () => refuseUse(),
  }
}

function readKeys({ jwks, copied }: SigningKeys): Known {
  const { keys } = JSON.parse(jwks) as { readonly keys: readonly Jwk[] }
  return { copied, keys: new Map(keys.map((key) => [key.kid, key])) }
}

function unavailable(): Refusal {
  const detail = 'The keys to check this token with are not known at the moment; send the request again.'
  return new Refusal('unavailable', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS })
}

function refuseUse(): never {
  throw new Error('keys are looked up one by one')
}
