import { lazy, type ReactNode, Suspense, useMemo, useState } from 'react'
import { Loading } from '#web/ui/layout/state-message.tsx'
import { openSession, type Session } from '../auth/session.ts'
import { useSession } from '../auth/use-session.ts'
import { type Access, AccessProvider } from '../live/access.tsx'
import type { Config } from '../live/config.ts'
import { Denied } from './denied.tsx'

const SignInPage = lazy(() =>
  import('./sign-in-page.tsx').then(({ SignInPage: component }) => ({ default: component })),
)

type Props = { readonly config: Config; readonly children: ReactNode }

/** Lets in who has credentials: a user who signed in, or everybody with the key of the configuration. */
export function SessionGate({ config, children }: Props) {
  const { identity, apiKey } = config
  const [session] = useState(() => (identity ? openSession(identity) : null))
  const keyAccess = useMemo<Access>(
    () => ({
      ...{ name: 'everybody', role: 'admin', signOut: async () => {}, expire: () => {} },
      credentials: { apiKey: apiKey ?? '' },
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
  const user = state.status === 'signed_in' ? state.user : null
  // Another object would be another connection: the same user keeps the same one.
  const [name, role] = [user?.name ?? '', user?.role ?? null]
  const access = useMemo<Access>(
    () => ({
      name,
      role,
      credentials: { token: session.token },
      signOut: session.signOut,
      expire: session.expire,
    }),
    [session, name, role],
  )
  if (state.status !== 'signed_in')
    return (
      <Suspense fallback={<Loading what="the sign-in" lines={8} />}>
        <SignInPage session={session} state={state} demoUsers={config.demoUsers} />
      </Suspense>
    )
  if (role === null) return <Denied name={name} onSignOut={session.signOut} />
  return <AccessProvider value={access}>{children}</AccessProvider>
}
