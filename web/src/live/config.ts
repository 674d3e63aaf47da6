import type { Identity } from '../auth/session.ts'

/** Where the server is, and how people sign in: `/config.json`, which the host of the app provides. */
export type Config = {
  readonly httpUrl: string
  readonly socketUrl: string
  /** Where people sign in; without it the key is everybody's. */
  readonly identity?: Identity
  readonly apiKey?: string
  /** Users that anybody may be, on a developer's machine. */
  readonly demoUsers?: { readonly emails: readonly string[]; readonly password: string }
}

/** Reads `/config.json`. Throws with what is wrong, in words for whoever set it up. */
export async function loadConfig(signal: AbortSignal): Promise<Config> {
  const response = await fetch('/config.json', { signal })
  if (!response.ok) throw new Error(`/config.json answered ${response.status}.`)
  const config: unknown = await response.json()
  if (!isConfig(config))
    throw new Error('/config.json needs the texts httpUrl and socketUrl, and identity or an apiKey.')
  return config
}

function isConfig(value: unknown): value is Config {
  const { httpUrl, socketUrl, identity, apiKey } = (value ?? {}) as Partial<Config>
  const isIdentity = typeof identity?.userPoolId === 'string' && typeof identity.clientId === 'string'
  return (
    typeof httpUrl === 'string' && typeof socketUrl === 'string' && (isIdentity || typeof apiKey === 'string')
  )
}
