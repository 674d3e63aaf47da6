import { RouterProvider } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { Button } from '#web/ui/form/button.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { type Config, loadConfig } from '../live/config.ts'
import { TidewireProvider } from '../live/tidewire-provider.tsx'
import { createAppRouter } from './router.tsx'
import { SessionGate } from './session-gate.tsx'

/** How soon the configuration is asked for again, in milliseconds, if nobody does so before. */
const AGAIN_MS = 5000

/** `failed` counts the tries that have. */
type Loaded = { readonly config?: Config; readonly error?: string; readonly failed?: number }

const router = createAppRouter()

/** The whole app: loads the configuration, signs the user in, connects, and renders the pages. */
export function App() {
  const [{ config, error, failed }, setLoaded] = useState<Loaded>({})
  const [tries, setTries] = useState(0)
  useEffect(() => {
    const aborter = new AbortController()
    loadConfig(aborter.signal)
      .then((loaded) => setLoaded({ config: loaded }))
      .catch((cause: unknown) => {
        if (!aborter.signal.aborted)
          setLoaded({ error: cause instanceof Error ? cause.message : String(cause), failed: tries })
      })
    return () => aborter.abort()
  }, [tries])
  // biome-ignore lint/correctness/useExhaustiveDependencies: each try that fails is followed by another
  useEffect(() => {
    if (error === undefined) return
    const again = () => setTries((count) => count + 1)
    const timer = setTimeout(again, AGAIN_MS)
    addEventListener('online', again)
    return () => {
      clearTimeout(timer)
      removeEventListener('online', again)
    }
  }, [error, failed])
  if (error !== undefined)
    return (
      <main>
        <h1 className="visually-hidden">Tidewire</h1>
        <StateMessage
          kind="error"
          title="Tidewire could not start"
          detail={`${error} Is the server running? It is tried again every few seconds.`}
        >
          <Button onClick={() => setTries(tries + 1)}>Try again</Button>
        </StateMessage>
      </main>
    )
  if (config === undefined) return <Loading what="Tidewire" lines={8} />
  return (
    <SessionGate config={config}>
      <TidewireProvider config={config}>
        <RouterProvider router={router} />
      </TidewireProvider>
    </SessionGate>
  )
}
