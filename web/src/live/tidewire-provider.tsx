import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { type ClientError, connect, systemClock, type Tidewire } from '#shared/client/connect.ts'
import { useAccess } from './access.tsx'
import { type CalmState, createCalmState } from './calm-state.ts'
import type { Config } from './config.ts'
import { createPacer } from './pacer.ts'
import { createViewRegistry, type ViewRegistry } from './view-registry.ts'

type Connected = {
  readonly tidewire: Tidewire
  readonly config: Config
  readonly views: ViewRegistry
  readonly calm: CalmState
}

const Context = createContext<Connected | null>(null)

/** Connects as the signed-in user while it is mounted, and provides the client to its children. */
export function TidewireProvider({ config, children }: { config: Config; children: ReactNode }) {
  const [connected, setConnected] = useState<Connected | null>(null)
  const { credentials } = useAccess()
  useEffect(() => {
    const { httpUrl, socketUrl } = config
    // The client tries again by itself.
    const onError = ({ code, detail, cause }: ClientError) =>
      console.warn('tidewire:', code, detail, cause ?? '')
    const tidewire = connect({ httpUrl, socketUrl, credentials, onError })
    const calm = createCalmState(tidewire, systemClock)
    setConnected({ tidewire, config, calm, views: createViewRegistry(tidewire, createPacer, calm.settle) })
    return () => tidewire.close()
  }, [config, credentials])
  return connected && <Context value={connected}>{children}</Context>
}

/** The connected client with its configuration. Throws outside a TidewireProvider. */
export function useTidewire(): Connected {
  const connected = useContext(Context)
  if (connected === null) throw new Error('useTidewire needs a TidewireProvider above it')
  return connected
}
