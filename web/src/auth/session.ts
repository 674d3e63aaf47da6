import { useSyncExternalStore } from 'react'
import { highestRole, type Role } from '#shared/core/access/role.ts'
import { endSession } from './end-session.ts'
import { limited } from './limited.ts'
import { createRenewal, REFUSED } from './renewal.ts'
import type { SignInError } from './sign-in-error.ts'

/** Where users sign in: a part of `/config.json`. */
export type Identity = {
  readonly userPoolId: string
  readonly clientId: string
  /** Cognito's address, if it is not that of the region: the local stack's. */
  readonly endpoint?: string
  readonly authFlow: 'USER_SRP_AUTH' | 'USER_PASSWORD_AUTH'
  /** Whether users may or must sign in with codes of an authenticator app too; left out if they cannot. */
  readonly mfa?: 'optional' | 'required'
}

/** The signed-in user. Without a role the server refuses every request. */
export type User = { readonly name: string; readonly role: Role | null }

/** The key that an authenticator app makes its codes of. */
export type AuthenticatorKey = {
  /** In base 32, as it is typed. */
  readonly secret: string
  /** The same as an `otpauth:` address, which opens an app. */
  readonly link: string
}

/** What the user pool asks for after the password. */
export type SignInStep =
  /** An administrator set the password: the user must choose one. */
  | { readonly status: 'new_password' }
  /** A code of the authenticator app of the user. */
  | { readonly status: 'code' }
  /** The user must set up an authenticator app with this key, and prove it by a code. */
  | ({ readonly status: 'authenticator' } & AuthenticatorKey)

export type SessionState =
  /** `problem`: why it takes so long. It is tried again until the identity provider responds. */
  | { readonly status: 'loading'; readonly problem?: string }
  /** `notice`: why the session ended, if there was one. */
  | { readonly status: 'signed_out'; readonly notice?: string }
  | SignInStep
  | { readonly status: 'signed_in'; readonly user: User }

/** The authenticator app of the signed-in user. Every function throws SignInError; its message is for the user. */
export type Authenticator = {
  /** Returns whether a code is asked for at sign-in. */
  readonly isOn: () => Promise<boolean>
  /**
   * Returns a new key for an app. The one before it counts until a code proves the new one.
   * @see https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AssociateSoftwareToken.html
   */
  readonly begin: () => Promise<AuthenticatorKey>
  /** Takes the key of `begin` from now on, if the code is of it. */
  readonly confirm: (code: string) => Promise<void>
  readonly turnOff: () => Promise<void>
}

/** The identity provider behind a session; `cognito.ts` implements it. */
export type AuthService = {
  /** Returns the user of the stored tokens, refreshed if necessary; null if there is none or the session has ended. */
  readonly user: () => Promise<User | null>
  /**
   * Returns a valid access token, refreshed if necessary, or in any case where `renew` asks for that; null if there is
   * none or the session has ended.
   */
  readonly token: (renew?: 'renew') => Promise<string | null>
  /** Throws SignInError; its message is for the user. */
  readonly signIn: (name: string, password: string) => Promise<SignInStep | 'done'>
  /** Completes a step with the new password or the code. Throws SignInError. */
  readonly answer: (text: string) => Promise<SignInStep | 'done'>
  readonly signOut: () => Promise<void>
  readonly authenticator: Authenticator
}

export type Session = {
  readonly state: () => SessionState
  readonly subscribe: (listener: () => void) => () => void
  /** Returns null if it succeeded or the state is a further step, otherwise what is wrong, in a sentence. */
  readonly signIn: (name: string, password: string) => Promise<string | null>
  /** Completes the step that the state is, with the new password or the code. Returns what `signIn` does. */
  readonly answer: (text: string) => Promise<string | null>
  /** Leaves the steps of a sign-in, or the wait for the identity provider. */
  readonly startAgain: () => void
  /** Asks the identity provider at once, if it is waited for. */
  readonly retry: () => void
  /** Returns the authenticator app of the signed-in user. Rejects if the provider cannot be loaded. */
  readonly authenticator: () => Promise<Authenticator>
  /** Deletes the tokens, whether the provider can be reached or not. `notice`: what the user must know. */
  readonly signOut: (notice?: string) => Promise<void>
  /** Has the server refuse the tokens of the user, wherever they are, and signs out. */
  readonly endEverywhere: (httpUrl: string) => Promise<void>
  /**
   * Returns a valid access token. `refused` is one that the server has refused: it may be older than this machine's time of
   * day makes believe, so another one is returned, which is renewed once for all who ask. Throws if there is none, also
   * because the identity provider is away: then it may work later. Signs out with a notice if the provider says that the
   * session has ended, or if the server refuses the tokens of two renewals in a row. The latter deletes nothing, since the
   * fault may be the server's.
   */
  readonly token: (refused?: string) => Promise<string>
}

const ENDED = 'Your session has ended. Sign in again.'
const UNREACHABLE = 'The sign-in service could not be reached. Check the connection and try again.'
const WAITING = 'The sign-in service cannot be reached. You are signed in again by itself when it is back.'

/** How long the provider may take. */
const PATIENCE_MS = 20_000
/** Nobody waits longer to be signed out. */
const SIGN_OUT_MS = 5000
/** The first and the longest pause before the provider is asked again. */
const RETRY_MS = { first: 2000, longest: 30_000 }

/** When the provider is loaded if it was not needed before. */
const LOAD_AFTER_MS = 30_000

/**
 * Opens the session that the browser has stored, if any, and follows the changes of other tabs. `load` loads the provider.
 * It is called only when the provider is needed: a user with a valid stored token does not wait for it.
 */
export function openSession(
  identity: Identity,
  load: (identity: Identity) => Promise<AuthService>,
  storage: Storage = localStorage,
  elapsed: () => number = () => performance.now(),
): Session {
  const listeners = new Set<() => void>()
  let state: SessionState = { status: 'loading' }
  let service: Promise<AuthService> | null = null
  /** Ends the wait for the next look. */
  let stopWaiting: (() => void) | null = null
  let failures = 0
  /** Looks that were begun: an earlier one may return later. */
  let looks = 0

  function auth(): Promise<AuthService> {
    service ??= limited(load(identity), PATIENCE_MS).catch((cause: unknown) => {
      service = null // the next attempt may load it
      throw cause
    })
    return service
  }
  function become(next: SessionState) {
    if (JSON.stringify(next) === JSON.stringify(state)) return
    state = next
    for (const listener of [...listeners]) listener()
  }
  function leave(notice?: string) {
    stopWaiting?.()
    stopWaiting = null
    looks++
    become({ status: 'signed_out', ...(notice !== undefined && { notice }) })
  }
  /** Reads what is stored: at the start, after signing in, and when another tab has changed it. */
  async function look(): Promise<void> {
    stopWaiting?.()
    stopWaiting = null
    const own = ++looks
    if (lastUser(identity, storage) === null) return leave()
    const stored = storedToken(identity, storage, Date.now())
    if (stored) {
      // Not now, but before the next release of the app has removed the chunk.
      setTimeout(() => auth().catch(() => {}), LOAD_AFTER_MS)
      return become({ status: 'signed_in', user: stored.user })
    }
    try {
      const user = await limited((await auth()).user(), PATIENCE_MS)
      if (own !== looks) return
      failures = 0
      if (user) become({ status: 'signed_in', user })
      else leave(ENDED)
    } catch {
      // A lost connection signs nobody out. A page that is being opened waits until the provider is back.
      if (own !== looks || state.status !== 'loading') return
      become({ status: 'loading', problem: WAITING })
      stopWaiting = afterPause(failures++, () => void look())
    }
  }
  async function attempt(work: (service: AuthService) => Promise<SignInStep | 'done'>) {
    try {
      const outcome = await limited(auth().then(work), PATIENCE_MS)
      if (outcome === 'done') await look()
      else become(outcome)
      return null
    } catch (error) {
      if (!isSignInError(error)) return UNREACHABLE
      if (!error.mustStartAgain || state.status === 'signed_out') return error.message
      leave(error.message)
      return null
    }
  }

  const renewal = createRenewal({
    ask: (renew) =>
      limited(
        auth().then((provider) => provider.token(renew)),
        PATIENCE_MS,
      ),
    elapsed,
    refusedTwice: () => leave(REFUSED),
  })
  async function token(refused?: string): Promise<string> {
    const stored = storedToken(identity, storage, Date.now())?.token ?? null
    if (stored !== null && stored !== refused) return stored
    const found = refused === undefined ? await renewal.token() : await renewal.renew(refused)
    if (found !== null) return found
    leave(ENDED)
    throw new Error(ENDED)
  }
  async function signOut(notice?: string): Promise<void> {
    const telling = auth().then((provider) => provider.signOut())
    await limited(telling, SIGN_OUT_MS).catch(() => {}) // it cannot be reached, but the tokens are here
    deleteTokens(identity, storage)
    leave(notice)
  }

  void look()
  globalThis.addEventListener?.('storage', ({ key }) => {
    if (isSessionKey(identity, key)) void look()
  })
  return {
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    signIn: (name, password) => attempt((cognito) => cognito.signIn(name.trim().toLowerCase(), password)),
    answer: (text) => attempt((cognito) => cognito.answer(text)),
    startAgain: () => leave(),
    retry: () => {
      if (stopWaiting) void look()
    },
    authenticator: async () => (await auth()).authenticator,
    signOut,
    endEverywhere: async (httpUrl) => signOut((await endSession(httpUrl, token)) ?? undefined),
    token,
  }
}

/** Calls back after a pause that grows with the failures, or as soon as the network or the user is back. */
function afterPause(failures: number, run: () => void): () => void {
  const pause = Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** failures)
  const timer = setTimeout(run, pause * (0.5 + Math.random() / 2))
  const { document } = globalThis
  const returned = () => {
    if (document?.visibilityState !== 'hidden') run()
  }
  globalThis.addEventListener?.('online', returned)
  document?.addEventListener('visibilitychange', returned)
  return () => {
    clearTimeout(timer)
    globalThis.removeEventListener?.('online', returned)
    document?.removeEventListener('visibilitychange', returned)
  }
}

/** By the name, because the class is in the chunk of the provider. */
function isSignInError(error: unknown): error is SignInError {
  return error instanceof Error && error.name === 'SignInError'
}

/** The state of a session, kept up to date: it changes by signing in or out, by expiry, or in another tab. */
export function useSession(session: Session): SessionState {
  return useSyncExternalStore(session.subscribe, session.state)
}

/** The user of the claims of a Cognito access token. They are unverified here: they only decide what is shown. */
export function userOfClaims({ username, sub, 'cognito:groups': groups }: Record<string, unknown>): User {
  return { name: String(username ?? sub), role: highestRole(Array.isArray(groups) ? groups : []) }
}

// aws-amplify stores the tokens under keys of its own. They are read here without loading it, and never copied:
// https://github.com/aws-amplify/amplify-js/blob/main/packages/auth/src/providers/cognito/tokenProvider/TokenStore.ts

/** A token that expires sooner is refreshed first, by the provider. */
const MARGIN_MS = 60_000

const prefixOf = ({ clientId }: Identity) => `CognitoIdentityServiceProvider.${clientId}.`
const lastUser = (identity: Identity, storage: Storage) =>
  storage.getItem(`${prefixOf(identity)}LastAuthUser`)

function deleteTokens(identity: Identity, storage: Storage): void {
  const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index))
  for (const key of keys) if (key?.startsWith(prefixOf(identity))) storage.removeItem(key)
}

/** Whether a change of this key may change the user. The key is null if the storage was cleared. */
function isSessionKey(identity: Identity, key: string | null): boolean {
  return key === null || key.startsWith(prefixOf(identity))
}

/** The stored access token with its user; null unless it is valid for another minute. `now` is in epoch milliseconds. */
function storedToken(
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

/** The claims of a JWT, unverified; null if the text is none. */
function claimsOf(token: string): Record<string, unknown> | null {
  try {
    const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof claims === 'object' ? (claims as Record<string, unknown> | null) : null
  } catch {
    return null // not a JWT: the provider decides about it
  }
}
