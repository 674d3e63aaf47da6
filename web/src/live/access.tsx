import { createContext, useContext } from 'react'
import type { Credentials } from '#shared/client/connect.ts'
import type { Role } from '#shared/core/access/role.ts'
import type { Authenticator } from '../auth/session.ts'

/** Signing in with codes besides the password. */
export type TwoStepSignIn = {
  /** Whether every user must, so that it cannot be turned off. */
  readonly isRequired: boolean
  readonly load: () => Promise<Authenticator>
}

/** The user of the app, with the credentials of their requests. */
export type Access = {
  /** The user's name on the server. */
  readonly name: string
  /** The user's role on the server; null if they have none. */
  readonly role: Role | null
  readonly credentials: Credentials
  readonly signOut: () => Promise<void>
  /** Null if the user pool has no codes. */
  readonly twoStep: TwoStepSignIn | null
}

const AccessContext = createContext<Access | null>(null)
export const AccessProvider = AccessContext.Provider

/** The user's access. Throws outside an AccessProvider. */
export function useAccess(): Access {
  const access = useContext(AccessContext)
  if (access === null) throw new Error('useAccess needs an AccessProvider above it')
  return access
}
