import { useSyncExternalStore } from 'react'
import type { Session, SessionState } from './session.ts'

/** Who is signed in, as it changes: here, by expiry, or in another tab. */
export function useSession(session: Session): SessionState {
  return useSyncExternalStore(session.subscribe, session.state)
}
