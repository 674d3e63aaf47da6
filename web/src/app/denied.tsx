import { Button } from '#web/ui/form/button.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import './sign-in-page.css'

/** For users whom nobody has given a role: the server refuses them everything. */
export function Denied({ name, onSignOut }: { name: string; onSignOut: () => Promise<void> }) {
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
