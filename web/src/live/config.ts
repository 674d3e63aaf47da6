import type { Identity } from '../auth/session.ts'

/** Where the server is and how users sign in: `/config.json`, served by the host of the app. */
export type Config = {
  readonly httpUrl: string
  readonly socketUrl: string
  /** Where users sign in. Without it everybody uses the `apiKey`. */
  readonly identity?: Identity
  readonly apiKey?: string
  /** Users offered on the sign-in page of a developer's machine. */
  readonly demoUsers?: { readonly emails: readonly string[]; readonly password: string }
}

/** How long the host of the app may take, in milliseconds. */
const PATIENCE_MS = 20_000

/** Reads `/config.json`. Throws an Error that names what is wrong with it. */
export async function loadConfig(signal: AbortSignal): Promise<Config> {
  const response = await fetch('/config.json', {
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
  })
  if (!response.ok) throw new Error(`/config.json returned ${response.status}.`)
  const config: unknown = await response.json()
  if (!isConfig(config))
    throw new Error('/config.json needs the strings httpUrl and socketUrl, and either identity or apiKey.')
  return config
}

function isConfig(value: unknown): value is Config {
  const { httpUrl, socketUrl, identity, apiKey } = (value ?? {}) as Partial<Config>
  const isIdentity = typeof identity?.userPoolId === 'string' && typeof identity.clientId === 'string'
  return (
    typeof httpUrl === 'string' && typeof socketUrl === 'string' && (isIdentity || typeof apiKey === 'string')
  )
}
