import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import process from 'node:process'
import type { CliContext } from './cli-context.ts'
import { CliError, failureOf, usageError } from './cli-error.ts'

/** The address of one stack, and the key or the token to use there. */
export type Profile = {
  readonly url: string
  readonly socketUrl?: string
  readonly key?: string
  readonly token?: string
}
/** The profiles by name, and the one that is used when none is named. */
export type Profiles = { readonly current: string | null; readonly profiles: ReadonlyMap<string, Profile> }

const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/
const NONE: Profiles = { current: null, profiles: new Map() }

/**
 * Returns the path of the file of profiles: `tidewire/profiles.json` in the folder of settings, or null where there is
 * no such folder (https://specifications.freedesktop.org/basedir-spec/latest/).
 */
export function profilesPath({ XDG_CONFIG_HOME = '', APPDATA, HOME }: CliContext['env']): string | null {
  const own = process.platform === 'win32' ? APPDATA : HOME && join(HOME, '.config')
  const folder = isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : own
  return folder ? join(folder, 'tidewire', 'profiles.json') : null
}

/** Returns the profiles; none if there is no file. Throws CliError if the file cannot be read. */
export function readProfiles(env: CliContext['env']): Profiles {
  const path = profilesPath(env)
  if (path === null) return NONE
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (failureOf(cause).code === 'ENOENT') return NONE
    throw new CliError(`cannot read the profiles in ${path}: ${failureOf(cause).reason}`, { cause })
  }
  try {
    return parseProfiles(text)
  } catch (cause) {
    const reason = failureOf(cause).reason
    throw new CliError(`the profiles in ${path} are not usable: ${reason}; mend or remove the file`, {
      cause,
    })
  }
}

/** Writes the profiles so that only their user may read them. Throws CliError if that is not possible. */
export function writeProfiles({ current, profiles }: Profiles, env: CliContext['env']): void {
  const path = profilesPath(env)
  if (path === null) throw new CliError('there is no folder for the profiles: set HOME or XDG_CONFIG_HOME')
  const document = { current, profiles: Object.fromEntries(profiles) }
  const written = `${path}.${process.pid}`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(written, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 })
    // An existing file keeps its mode when it is written to.
    chmodSync(written, 0o600)
    renameSync(written, path)
  } catch (cause) {
    throw new CliError(`cannot write the profiles to ${path}: ${failureOf(cause).reason}`, { cause })
  }
}

/** Whether others than its user may read the file of profiles. Always false on Windows, which has no such modes. */
export function isProfilesFileOpen(env: CliContext['env']): boolean {
  const path = profilesPath(env)
  const mode = path === null ? 0 : (statSync(path, { throwIfNoEntry: false })?.mode ?? 0)
  return process.platform !== 'win32' && (mode & 0o077) !== 0
}

/** Returns the profile of a name. Throws a usage error that lists the others. */
export function findProfile(name: string, { profiles }: Profiles): Profile {
  const profile = profiles.get(name)
  if (profile !== undefined) return profile
  const names = [...profiles.keys()].sort().join(', ') || 'none; make one with: tidewire profile set'
  throw usageError(`there is no profile ${JSON.stringify(name)}; there are: ${names}`)
}

/** Returns a name that a profile may have. Throws a usage error. */
export function readProfileName(name: string): string {
  if (NAME.test(name)) return name
  throw usageError(
    `the name ${JSON.stringify(name)} has other characters than letters, digits, "_", "." and "-"`,
  )
}

function parseProfiles(text: string): Profiles {
  const document: unknown = JSON.parse(text)
  const { current = null, profiles = {} } = asObject(document, 'it')
  if (current !== null && typeof current !== 'string') throw new Error('"current" is not a name')
  const entries = Object.entries(asObject(profiles, '"profiles"'))
  return { current, profiles: new Map(entries.map(([name, value]) => [name, parseProfile(name, value)])) }
}

function parseProfile(name: string, value: unknown): Profile {
  const profile = asObject(value, JSON.stringify(name))
  const text = (member: string): string | undefined => {
    const given = profile[member]
    if (given === undefined || typeof given === 'string') return given
    throw new Error(`"${member}" of ${JSON.stringify(name)} is not a text`)
  }
  const [url, socketUrl, key, token] = ['url', 'socketUrl', 'key', 'token'].map(text)
  if (url === undefined) throw new Error(`${JSON.stringify(name)} has no "url"`)
  return {
    url,
    ...(socketUrl !== undefined && { socketUrl }),
    ...(key !== undefined && { key }),
    ...(token !== undefined && { token }),
  }
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>
  throw new Error(`${what} is not an object`)
}
