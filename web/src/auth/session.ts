import { useSyncExternalStore } from 'react'
import { highestRole, type Role } from '#shared/core/access/role.ts'
import { endSession } from './end-session.ts'
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
  | { readonly status: 'loading' }
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
  /** Leaves the steps of a sign-in. */
  readonly startAgain: () => void
  /** Returns the authenticator app of the signed-in user. Rejects if the provider cannot be loaded. */
  readonly authenticator: () => Promise<Authenticator>
  /** Deletes the tokens, whether the provider can be reached or not. `notice`: what the user must know. */
  readonly signOut: (notice?: string) => Promise<void>
  /** Has the server refuse the tokens of the user, wherever they are, and signs out. */
  readonly endEverywhere: (httpUrl: string) => Promise<void>
  /** Returns a valid access token. Throws if the session has ended; `state` is then `signed_out`. */
  readonly token: () => Promise<string>
  /**
   * To be called when the server refuses the token, which may be older than this machine's time of day makes believe.
   * Returns whether there is another one to try. Signs out with a notice if the session has ended, or if the server
   * refuses even a token that was renewed a moment ago.
   */
  readonly renew: () => Promise<boolean>
}

const ENDED = 'Your session has ended. Sign in again.'
const UNREACHABLE = 'The sign-in service could not be reached. Check the connection and try again.'

/** Refusals this soon after a renewal are of the token before it. */
const JUST_RENEWED_MS = 5000
/** A renewed token that is refused within this time will always be refused. */
const FRESH_MS = 60_000

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
  let renewedAt = Number.NEGATIVE_INFINITY
  let renewal: Promise<boolean> | null = null

  function auth(): Promise<AuthService> {
    service ??= load(identity).catch((cause: unknown) => {
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
    become({ status: 'signed_out', ...(notice !== undefined && { notice }) })
  }
  /** Reads what is stored: at the start, after signing in, and when another tab has changed it. */
  async function look(): Promise<void> {
    if (lastUser(identity, storage) === null) return leave()
    const stored = storedToken(identity, storage, Date.now())
    if (stored) {
      // Not now, but before the next release of the app has removed the chunk.
      setTimeout(() => auth().catch(() => {}), LOAD_AFTER_MS)
      return become({ status: 'signed_in', user: stored.user })
    }
    try {
      const user = await (await auth()).user()
      if (user) become({ status: 'signed_in', user })
      else leave(ENDED)
    } catch {
      // A lost connection signs nobody out. Only a page that is being opened cannot continue.
      if (state.status === 'loading') leave(UNREACHABLE)
    }
  }
  async function attempt(work: (service: AuthService) => Promise<SignInStep | 'done'>) {
    try {
      const outcome = await work(await auth())
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

  function expire() {
    leave(ENDED)
    // Deletes the stored tokens too. If that fails, the next request ends the session again.
    auth().then(
      (cognito) => cognito.signOut(),
      () => {},
    )
  }
  async function renew(): Promise<boolean> {
    const age = elapsed() - renewedAt
    if (age < JUST_RENEWED_MS) return true
    if (age < FRESH_MS) {
      expire()
      return false
    }
    try {
      const token = await (await auth()).token('renew')
      renewedAt = elapsed()
      if (token === null) leave(ENDED)
      return token !== null
    } catch {
      return false // a lost connection signs nobody out
    }
  }

  async function token(): Promise<string> {
    const found = storedToken(identity, storage, Date.now())?.token ?? (await (await auth()).token())
    if (found !== null) return found
    leave(ENDED)
    throw new Error(ENDED)
  }
  async function signOut(notice?: string): Promise<void> {
    const provider = await auth().catch(() => null)
    await provider?.signOut().catch(() => {}) // it cannot be reached, but the tokens are here
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
    authenticator: async () => (await auth()).authenticator,
    signOut,
    endEverywhere: async (httpUrl) => signOut((await endSession(httpUrl, token)) ?? undefined),
    token,
    renew: () => {
      renewal ??= renew().finally(() => {
        renewal = null
      })
      return renewal
    },
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
