import { hasStoredUser, isSessionKey, storedToken } from './stored-user.ts'

// How to use it:
//   const session = openSession(config.identity)          once, outside React's rendering (or in a useState initialiser)
//   const state = useSession(session)                     'loading' | 'signed_out' | 'new_password' | 'signed_in'
//   const problem = await session.signIn(email, password) null, or a sentence to show under the form
//   connect({ …, credentials: { token: session.token } }) and the same for createApi
//   session.expire() when the server answers 401: back to the form, with a word on why
// aws-amplify (38 KB) is a chunk of its own: who comes with a token that is good for now does not wait for it.

/** The part of `/config.json` that says where people sign in. */
export type Identity = {
  readonly userPoolId: string
  readonly clientId: string
  /** Instead of the region's Cognito: the local stack's. */
  readonly endpoint?: string
  readonly authFlow: 'USER_SRP_AUTH' | 'USER_PASSWORD_AUTH'
}

export type Role = 'viewer' | 'publisher' | 'operator' | 'admin'
/** Who is signed in, as the server will see it. Without a role the server refuses everything. */
export type User = { readonly name: string; readonly role: Role | null }

export type SessionState =
  | { readonly status: 'loading' }
  /** `notice`: why, if somebody was signed in until now. */
  | { readonly status: 'signed_out'; readonly notice?: string }
  /** An administrator made the password: the user has to choose one. */
  | { readonly status: 'new_password' }
  | { readonly status: 'signed_in'; readonly user: User }

/** What the session needs of aws-amplify; `cognito.ts` is it. */
export type AuthService = {
  /** The user of the stored tokens, refreshed if need be; null if there is none (any more). */
  readonly user: () => Promise<User | null>
  /** An access token that is good for now; null if there is none (any more). */
  readonly token: () => Promise<string | null>
  /** Throws SignInError with a sentence for the user. */
  readonly signIn: (name: string, password: string) => Promise<'done' | 'new_password'>
  readonly setNewPassword: (password: string) => Promise<void>
  readonly signOut: () => Promise<void>
}

export type Session = {
  readonly state: () => SessionState
  readonly subscribe: (listener: () => void) => () => void
  /** Null when it worked (or a new password is asked for), else what is wrong, in a sentence. */
  readonly signIn: (name: string, password: string) => Promise<string | null>
  readonly setNewPassword: (password: string) => Promise<string | null>
  readonly signOut: () => Promise<void>
  /** A fresh access token. Throws when the session has ended, after saying so in `state`. */
  readonly token: () => Promise<string>
  /** The server no longer takes the tokens. */
  readonly expire: () => void
}

const ENDED = 'Your session has ended. Sign in again.'
const UNREACHABLE = 'The sign-in service could not be reached. Check the connection and try again.'

/** When aws-amplify is loaded for who did not need it at first. */
const LOAD_AFTER_MS = 30_000

/** Opens the session that the browser remembers, if it does. Follows what other tabs do. */
export function openSession(
  identity: Identity,
  load: (identity: Identity) => Promise<AuthService> = loadCognito,
  storage: Storage = localStorage,
): Session {
  const listeners = new Set<() => void>()
  let state: SessionState = { status: 'loading' }
  let service: Promise<AuthService> | null = null

  function auth(): Promise<AuthService> {
    service ??= load(identity).catch((cause: unknown) => {
      service = null // the next try may get the chunk
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
  /** Looks at what is stored: at the start, after signing in, and when another tab has changed it. */
  async function look(): Promise<void> {
    if (!hasStoredUser(identity, storage)) return leave()
    const stored = storedToken(identity, storage, Date.now())
    if (stored) {
      // Not now, but before a new version of the app has replaced it.
      setTimeout(() => auth().catch(() => {}), LOAD_AFTER_MS)
      return become({ status: 'signed_in', user: stored.user })
    }
    try {
      const user = await (await auth()).user()
      if (user) become({ status: 'signed_in', user })
      else leave(ENDED)
    } catch {
      // Without a connection nobody is signed out: only the page that is being opened cannot go on.
      if (state.status === 'loading') leave(UNREACHABLE)
    }
  }
  async function attempt(work: (service: AuthService) => Promise<'done' | 'new_password'>) {
    try {
      const outcome = await work(await auth())
      if (outcome === 'new_password') become({ status: 'new_password' })
      else await look()
      return null
    } catch (error) {
      return error instanceof Error && error.name === 'SignInError' ? error.message : UNREACHABLE
    }
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
    setNewPassword: (password) =>
      attempt(async (cognito) => {
        await cognito.setNewPassword(password)
        return 'done'
      }),
    signOut: async () => {
      await (await auth()).signOut()
      leave()
    },
    token: async () => {
      const token = storedToken(identity, storage, Date.now())?.token ?? (await (await auth()).token())
      if (token !== null) return token
      leave(ENDED)
      throw new Error(ENDED)
    },
    expire: () => {
      leave(ENDED)
      // Also forgets the tokens; where that fails, the next request finds out again.
      auth().then(
        (cognito) => cognito.signOut(),
        () => {},
      )
    },
  }
}

async function loadCognito(identity: Identity): Promise<AuthService> {
  const { cognito } = await import('./cognito.ts')
  return cognito(identity)
}
