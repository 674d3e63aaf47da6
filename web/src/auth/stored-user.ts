import type { Identity, User } from './session.ts'
import { userOfClaims } from './user-of-claims.ts'

// What aws-amplify keeps in the storage, under its own names, read without loading it and never copied:
// https://github.com/aws-amplify/amplify-js/blob/main/packages/auth/src/providers/cognito/tokenProvider/TokenStore.ts

/** A token that ends sooner is refreshed first, which is aws-amplify's work. */
const MARGIN_MS = 60_000

const prefixOf = ({ clientId }: Identity) => `CognitoIdentityServiceProvider.${clientId}.`
const lastUser = (identity: Identity, storage: Storage) =>
  storage.getItem(`${prefixOf(identity)}LastAuthUser`)

/** Whether the browser remembers a user. */
export function hasStoredUser(identity: Identity, storage: Storage): boolean {
  return lastUser(identity, storage) !== null
}

/** Whether a change of this key may mean another user; null is a storage that was cleared. */
export function isSessionKey(identity: Identity, key: string | null): boolean {
  return key === null || key.startsWith(prefixOf(identity))
}

/** The access token that the browser remembers, and whose it is; null unless it is good for a while. `now` in milliseconds. */
export function storedToken(
  identity: Identity,
  storage: Storage,
  now: number,
): { readonly token: string; readonly user: User } | null {
  const prefix = `${prefixOf(identity)}${lastUser(identity, storage)}.`
  const token = storage.getItem(`${prefix}accessToken`)
  const claims = token === null ? null : claimsOf(token)
  if (token === null || claims === null) return null
  const drift = Number.parseInt(storage.getItem(`${prefix}clockDrift`) ?? '0', 10)
  const isGood = now + drift + MARGIN_MS < Number(claims.exp) * 1000
  return isGood ? { token, user: userOfClaims(claims) } : null
}

/** What a token says; null if it is none. */
function claimsOf(token: string): Record<string, unknown> | null {
  try {
    const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof claims === 'object' ? (claims as Record<string, unknown> | null) : null
  } catch {
    return null // somebody else's entry: aws-amplify may know what to do with it
  }
}
