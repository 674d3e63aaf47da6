import { Button } from '../ui/button.tsx'
import { StateMessage } from '../ui/states.tsx'

/** For users whom nobody has given a role: the server refuses them everything. */
export function Denied({ name, onSignOut }: { name: string; onSignOut: () => Promise<void> }) {
  return (
    <main>
      <h1 className="visually-hidden">Tidewire</h1>
      <StateMessage
        kind="denied"
        title="You have no role yet"
        detail={`${name} is signed in, but in none of the groups viewer, publisher, operator and admin. Ask an administrator.`}
      >
        <Button onClick={() => void onSignOut()}>Sign out</Button>
      </StateMessage>
    </main>
  )
}
