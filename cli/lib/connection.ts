import { type Command, Option } from 'commander'
import type { CliContext } from './cli-context.ts'
import { usageError } from './cli-error.ts'
import { findProfile, type Profile, readProfiles } from './profiles.ts'

/** What a request is sent with. */
export type Credentials = { readonly key: string } | { readonly token: string }

/** A stack, and the credentials to use there. Addresses have no slash at the end. */
export type Connection = {
  readonly url: string
  /** The setting that the address comes from, such as `TIDEWIRE_URL`. */
  readonly urlFrom: string
  /** Null if only the stack itself can say it: see `clientOptions`. */
  readonly socketUrl: string | null
  readonly credentials: Credentials
  /** The setting that the credentials come from, such as `the profile prod`. */
  readonly credentialsFrom: string
}

const LOOPBACK = /^(?:localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

type Options = {
  readonly url?: string
  readonly socketUrl?: string
  readonly key?: string
  readonly token?: string
  readonly profile?: string
}
type Named = { readonly name: string; readonly profile: Profile }
type Found<T> = T & { readonly from: string }

/** Keys of the local stack: one of an administrator, and one that may write in the name of any user. */
const LOCAL_KEYS = { own: 'local-dev-key', simulator: 'local-simulator-key' } as const

/** Adds the options that say which stack is meant, and with which credentials. */
export function addConnectionOptions(command: Command, env: CliContext['env']): Command {
  return command
    .option(
      '--url <url>',
      `address of the stack; TIDEWIRE_URL (default: ${env.TIDEWIRE_URL || localUrl(env)})`,
    )
    .option('--socket-url <url>', 'its WebSocket address, if it is not the one that the stack itself names')
    .addOption(
      new Option('--key <key>', 'API key; TIDEWIRE_KEY (default: of a local stack, its own)').conflicts(
        'token',
      ),
    )
    .addOption(new Option('--token <token>', 'access token of a user or a service; TIDEWIRE_TOKEN'))
    .option('--profile <name>', 'profile to use; TIDEWIRE_PROFILE (see: tidewire profile)')
    .addOption(new Option('--api-key <key>', 'the older name of --key').conflicts('token').hideHelp())
    .on('option:api-key', (key: string) => command.setOptionValueWithSource('key', key, 'cli'))
}

/**
 * Returns the stack and the credentials of a command: options come before the environment, and that before the current
 * profile. The credentials of a profile are for its own address only. Without any a local stack is meant, with its key
 * of an administrator, or of simulators for a command that acts for many users. Throws a usage error that names the
 * setting to change.
 */
export function readConnection(
  command: Command,
  { env }: Pick<CliContext, 'env'>,
  { actsForOthers = false } = {},
): Connection {
  const options = command.optsWithGlobals<Options>()
  const named = chooseProfile(options, env)
  const address = findAddress(options, named, env)
  const found =
    findCredentials(options, named, env, address.url) ?? localCredentials(address.url, actsForOthers)
  const socket = findSocketAddress(options, address, env)
  const { from: credentialsFrom, ...credentials } = found
  const value = 'key' in credentials ? credentials.key : credentials.token
  if (/[^\x21-\x7e]/.test(value) || value === '')
    throw usageError(
      `the credentials (${credentialsFrom}) are empty or have characters that no HTTP header may have`,
    )
  return { url: address.url, urlFrom: address.from, socketUrl: socket, credentials, credentialsFrom }
}

/** Returns an address without a slash at its end. Throws a usage error that names the setting. */
export function readAddress(text: string, protocols: readonly string[], setting: string): string {
  const address = URL.canParse(text) ? new URL(text) : null
  if (address === null || !protocols.includes(address.protocol))
    throw usageError(
      `${setting} ${JSON.stringify(text)} is not an address that starts with ${protocols[0]}//`,
    )
  return text.replace(/\/+$/, '')
}

/** Returns an address of a stack over HTTP. Throws a usage error that names the setting. */
export function readHttpAddress(text: string, setting: string): string {
  return readAddress(text, ['http:', 'https:'], setting)
}

/** Returns a WebSocket address. Throws a usage error that names the setting. */
export function readSocketAddress(text: string, setting: string): string {
  return readAddress(text, ['ws:', 'wss:'], setting)
}

/** The profile that an option, the environment or the file of profiles names. */
function chooseProfile({ profile, url, key, token }: Options, env: CliContext['env']): Named | null {
  const wanted = profile || env.TIDEWIRE_PROFILE
  const isSaid = url !== undefined && (key ?? token) !== undefined
  if (isSaid && !wanted) return null
  const profiles = readProfiles(env)
  const name = wanted || profiles.current
  return name ? { name, profile: findProfile(name, profiles) } : null
}

type Address = Found<{ readonly url: string; readonly profile?: Profile }>

function findAddress(options: Options, named: Named | null, env: CliContext['env']): Address {
  if (options.url !== undefined) return { url: readHttpAddress(options.url, '--url'), from: '--url' }
  if (named !== null && (options.profile || !env.TIDEWIRE_URL)) {
    const { name, profile } = named
    return { url: readHttpAddress(profile.url, `the profile ${name}:`), from: `the profile ${name}`, profile }
  }
  if (env.TIDEWIRE_URL)
    return { url: readHttpAddress(env.TIDEWIRE_URL, 'TIDEWIRE_URL'), from: 'TIDEWIRE_URL' }
  return {
    url: readHttpAddress(localUrl(env), 'HTTP_PORT:'),
    from: env.HTTP_PORT ? 'HTTP_PORT' : 'the local stack',
  }
}

function findCredentials(
  options: Options,
  named: Named | null,
  env: CliContext['env'],
  url: string,
): Found<Credentials> | null {
  if (options.token !== undefined) return { token: options.token, from: '--token' }
  if (options.key !== undefined) return { key: options.key, from: '--key' }
  const ofProfile = named && credentialsOf(named)
  if (options.profile && ofProfile) return ofProfile
  const key = env.TIDEWIRE_KEY || env.TIDEWIRE_API_KEY
  if (key && env.TIDEWIRE_TOKEN)
    throw usageError(
      'TIDEWIRE_KEY and TIDEWIRE_TOKEN are both set: unset one of them, or give --key or --token',
    )
  if (key) return { key, from: env.TIDEWIRE_KEY ? 'TIDEWIRE_KEY' : 'TIDEWIRE_API_KEY' }
  if (env.TIDEWIRE_TOKEN) return { token: env.TIDEWIRE_TOKEN, from: 'TIDEWIRE_TOKEN' }
  // What is meant for one stack is not sent to another.
  return named?.profile.url.replace(/\/+$/, '') === url ? ofProfile : null
}

function credentialsOf({ name, profile: { key, token } }: Named): Found<Credentials> | null {
  const from = `the profile ${name}`
  if (token !== undefined) return { token, from }
  return key === undefined ? null : { key, from }
}

function localCredentials(url: string, actsForOthers: boolean): Found<Credentials> {
  if (isLoopback(url))
    return { key: actsForOthers ? LOCAL_KEYS.simulator : LOCAL_KEYS.own, from: 'of the local stack' }
  throw usageError(`there are no credentials for ${url}: give --key, --token, or a profile that has them`)
}

function findSocketAddress(
  { socketUrl }: Options,
  { from, profile }: Address,
  env: CliContext['env'],
): string | null {
  if (socketUrl !== undefined) return readSocketAddress(socketUrl, '--socket-url')
  if (profile !== undefined)
    return profile.socketUrl ? readSocketAddress(profile.socketUrl, `${from}:`) : null
  // That of the environment belongs to the address of the environment: another stack has other sockets.
  return from === '--url' || !env.TIDEWIRE_SOCKET_URL
    ? null
    : readSocketAddress(env.TIDEWIRE_SOCKET_URL, 'TIDEWIRE_SOCKET_URL')
}

/** Whether an address is one of this machine. */
export function isLoopback(url: string): boolean {
  return URL.canParse(url) && LOOPBACK.test(new URL(url).hostname)
}

function localUrl(env: CliContext['env']): string {
  return `http://localhost:${env.HTTP_PORT || 3000}`
}
