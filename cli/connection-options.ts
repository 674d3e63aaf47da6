import { type Command, Option } from 'commander'
import type { CliContext } from './cli-context.ts'
import { usageError } from './cli-error.ts'

/** Where the stack is and who asks. */
export type Connection = { readonly url: string; readonly socketUrl: string; readonly apiKey: string }

/** Adds `--url`, `--socket-url` and `--api-key`, with their defaults from the environment. */
export function addConnectionOptions(command: Command, env: CliContext['env']): Command {
  const url = env.TIDEWIRE_URL || `http://localhost:${env.HTTP_PORT || 3000}`
  const socketUrl = env.TIDEWIRE_SOCKET_URL || `ws://localhost:${env.WS_PORT || 3001}`
  const apiKey = env.TIDEWIRE_API_KEY || 'local-dev-key'
  return command
    .addOption(new Option('--url <url>', 'HTTP address of the stack; TIDEWIRE_URL').default(url))
    .addOption(new Option('--socket-url <url>', 'WebSocket address; TIDEWIRE_SOCKET_URL').default(socketUrl))
    .addOption(
      // The description stands in for the value: help output must not show a key.
      new Option('--api-key <key>', 'API key').default(apiKey, 'TIDEWIRE_API_KEY, else the local key'),
    )
}

/** Reads the connection of the command that runs. Throws a usage error on an address that is none. */
export function readConnection(command: Command): Connection {
  const { url, socketUrl, apiKey } = command.optsWithGlobals<Connection>()
  if (/[^\x21-\x7e]/.test(apiKey))
    throw usageError('the API key has characters that no HTTP header can carry')
  return {
    url: checkAddress(url, ['http:', 'https:'], '--url'),
    socketUrl: checkAddress(socketUrl, ['ws:', 'wss:'], '--socket-url'),
    apiKey,
  }
}

function checkAddress(text: string, protocols: readonly string[], option: string): string {
  const address = URL.canParse(text) ? new URL(text) : null
  if (address === null || !protocols.includes(address.protocol))
    throw usageError(`${option} ${JSON.stringify(text)} is no address that starts with ${protocols[0]}//`)
  return text.replace(/\/+$/, '')
}
