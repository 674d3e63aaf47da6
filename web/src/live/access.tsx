import { createContext, useContext } from 'react'
import type { Credentials } from '#shared/client/credentials.ts'
import type { Role } from '#shared/core/role.ts'

/** Who uses the app, and how requests prove it. */
export type Access = {
  /** The name that the server knows the user by. */
  readonly name: string
  /** What the server lets the user do; null: nothing. */
  readonly role: Role | null
  readonly credentials: Credentials
  readonly signOut: () => Promise<void>
  /** The server no longer takes the credentials. */
  readonly expire: () => void
}

const AccessContext = createContext<Access | null>(null)
export const AccessProvider = AccessContext.Provider

/** The user's access. Only below the sign-in. */
export function useAccess(): Access {
  const access = useContext(AccessContext)
  if (access === null) throw new Error('useAccess needs an AccessProvider above it')
  return access
}
