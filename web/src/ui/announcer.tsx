import { useSyncExternalStore } from 'react'
import { announcements } from './announcements.ts'

/** What screen readers are told. Once in the app; anything speaks through `announce`. */
export function Announcer() {
  const { polite, urgent } = useSyncExternalStore(announcements.subscribe, announcements.get)
  return (
    <>
      <p className="visually-hidden" role="status">
        {polite}
      </p>
      <p className="visually-hidden" role="alert">
        {urgent}
      </p>
    </>
  )
}
