import { lazy, type ReactNode, Suspense, useMemo, useState } from 'react'
import { type Identity, openSession, type Session, useSession } from '#web/auth/session.ts'
import { type Access, AccessProvider } from '#web/live/access.tsx'
import type { Config } from '#web/live/config.ts'
import { Button } from '#web/ui/form/button.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import './sign-in-page.css'

const SignInPage = lazy(() =>
  import('./sign-in-page.tsx').then(({ SignInPage: component }) => ({ default: component })),
)

// aws-amplify (37 KB compressed) is a chunk of its own, loaded when somebody signs in or a token has to be refreshed.
const loadCognito = async (identity: Identity) => (await import('#web/auth/cognito.ts')).cognito(identity)

type Props = { readonly config: Config; readonly children: ReactNode }

/** Renders its children for a signed-in user, or for everybody if the configuration has an API key instead of an identity. */
export function SessionGate({ config, children }: Props) {
  const { identity, apiKey } = config
  const [session] = useState(() => (identity ? openSession(identity, loadCognito) : null))
  const keyAccess = useMemo<Access>(
    () => ({
      name: 'everybody',
      role: 'admin',
      credentials: { apiKey: apiKey ?? '' },
      signOut: async () => {},
      twoStep: null,
    }),
    [apiKey],
  )
  if (session === null) return <AccessProvider value={keyAccess}>{children}</AccessProvider>
  return (
    <SignedIn session={session} config={config}>
      {children}
    </SignedIn>
  )
}

function SignedIn({ session, config, children }: Props & { readonly session: Session }) {
  const state = useSession(session)
  const { httpUrl } = config
  const mfa = config.identity?.mfa
  const user = state.status === 'signed_in' ? state.user : null
  // A new access object opens a new connection: the same user keeps the same object.
  const [name, role] = [user?.name ?? '', user?.role ?? null]
  const access = useMemo<Access>(
    () => ({
      name,
      role,
      credentials: { token: session.token },
      signOut: () => session.endEverywhere(httpUrl),
      twoStep: mfa ? { isRequired: mfa === 'required', load: session.authenticator } : null,
    }),
    [session, name, role, httpUrl, mfa],
  )
  if (state.status !== 'signed_in')
    return (
      <Suspense fallback={<Loading what="the sign-in" lines={8} />}>
        <SignInPage session={session} state={state} demoUsers={config.demoUsers} />
      </Suspense>
    )
  if (role === null) return <Denied name={name} onSignOut={() => session.signOut()} />
  return <AccessProvider value={access}>{children}</AccessProvider>
}

/** The page of a user without a role: the server refuses all their requests. */
function Denied({ name, onSignOut }: { name: string; onSignOut: () => Promise<void> }) {
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <h1>
          <img src="/icon.svg" alt="" width="34" height="34" /> Tidewire
        </h1>
        <StateMessage
          kind="denied"
          title="You have no role yet"
          detail={`${name} is signed in, but belongs to none of the groups viewer, publisher, operator and admin. An administrator can change that.`}
        >
          <Button onClick={() => void onSignOut()}>Sign out</Button>
        </StateMessage>
      </div>
    </main>
  )
}
