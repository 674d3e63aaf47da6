import { Link } from '@tanstack/react-router'
import { Button } from '#web/ui/form/button.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'

/** An address that leads nowhere. */
export function NotFoundPage() {
  return (
    <>
      <h1 className="visually-hidden">No such page</h1>
      <StateMessage kind="empty" title="There is no such page" detail="The address may be old, or mistyped.">
        <Link className="button" to="/">
          Go to the dashboard
        </Link>
      </StateMessage>
    </>
  )
}

/** A page that threw: what happened, and how to go on. */
export function PageFailed({ error, reset }: { error: unknown; reset?: () => void }) {
  const detail = error instanceof Error ? error.message : String(error)
  return (
    <>
      <h1 className="visually-hidden">Page failed</h1>
      <StateMessage kind="error" title="This page stopped working" detail={detail}>
        {reset && <Button onClick={reset}>Try again</Button>}
        <Button onClick={() => location.reload()}>Reload the app</Button>
      </StateMessage>
    </>
  )
}
