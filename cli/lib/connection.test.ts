import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addConnectionOptions, readConnection } from './connection.ts'
import { type Profile, writeProfiles } from './profiles.ts'

const PROD: Profile = { url: 'https://prod.example', key: 'prod-key', socketUrl: 'wss://prod.example' }
const DEV: Profile = { url: 'https://dev.example', token: 'dev-token' }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewire-connection-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Reads a command line of options with some environment, and perhaps the profiles prod and dev. */
function read(args: readonly string[], env: Readonly<Record<string, string>> = {}, current?: string | null) {
  const context = { env: { XDG_CONFIG_HOME: folder, ...env } }
  const profiles = new Map([
    ['prod', PROD],
    ['dev', DEV],
  ])
  if (current !== undefined) writeProfiles({ current, profiles }, context.env)
  const command = addConnectionOptions(new Command().exitOverride(), context.env)
  command.configureOutput({ writeErr: () => {} }).parse(args, { from: 'user' })
  return readConnection(command, context)
}

describe('a command without settings', () => {
  test('means the local stack, which names its sockets itself', () => {
    expect(read([])).toEqual({
      url: 'http://localhost:3000',
      urlFrom: 'the local stack',
      socketUrl: null,
      credentials: { key: 'local-dev-key' },
      credentialsFrom: 'of the local stack',
    })
    expect(read([], { HTTP_PORT: '4000' }).url).toBe('http://localhost:4000')
  })
})

describe('the settings of a command', () => {
  test.each([
    ['options', ['--url', 'https://a.example/', '--key', 'k'], {}, 'https://a.example', { key: 'k' }],
    ['the older name of --key', ['--api-key', 'k'], {}, 'http://localhost:3000', { key: 'k' }],
    ['a token', ['--token', 't'], { TIDEWIRE_KEY: 'k' }, 'http://localhost:3000', { token: 't' }],
    [
      'the environment',
      [],
      { TIDEWIRE_URL: 'http://b.example', TIDEWIRE_TOKEN: 't' },
      'http://b.example',
      { token: 't' },
    ],
    [
      'the older name of TIDEWIRE_KEY',
      [],
      { TIDEWIRE_API_KEY: 'old' },
      'http://localhost:3000',
      { key: 'old' },
    ],
    [
      'the newer name first',
      [],
      { TIDEWIRE_API_KEY: 'old', TIDEWIRE_KEY: 'new' },
      'http://localhost:3000',
      { key: 'new' },
    ],
  ])('are taken from %s', (_, args, env, url, credentials) => {
    expect(read(args, env)).toMatchObject({ url, credentials })
  })

  test.each([
    ['the current profile', [], {}, PROD.url, { key: 'prod-key' }, 'the profile prod'],
    ['TIDEWIRE_PROFILE', [], { TIDEWIRE_PROFILE: 'dev' }, DEV.url, { token: 'dev-token' }, 'the profile dev'],
    [
      '--profile, before the environment',
      ['--profile', 'dev'],
      { TIDEWIRE_URL: 'http://x', TIDEWIRE_KEY: 'k' },
      DEV.url,
      { token: 'dev-token' },
      'the profile dev',
    ],
    [
      'TIDEWIRE_URL before the current profile',
      [],
      { TIDEWIRE_URL: 'http://localhost:1' },
      'http://localhost:1',
      { key: 'local-dev-key' },
      'of the local stack',
    ],
    [
      'a profile of the same address',
      ['--url', `${PROD.url}/`],
      {},
      PROD.url,
      { key: 'prod-key' },
      'the profile prod',
    ],
  ])('are taken from %s', (_, args, env, url, credentials, credentialsFrom) => {
    expect(read(args, env, 'prod')).toMatchObject({ url, credentials, credentialsFrom })
  })

  test('never send the key of a profile to another address', () => {
    expect(read(['--url', 'http://localhost:3000'], {}, 'prod').credentials).toEqual({ key: 'local-dev-key' })
    expect(() => read(['--url', 'https://other.example'], {}, 'prod')).toThrow(
      'there are no credentials for https://other.example: give --key, --token, or a profile that has them',
    )
  })

  test('never use the sockets of another stack than that of the address', () => {
    const env = { TIDEWIRE_SOCKET_URL: 'wss://env.example' }
    expect(read([], env).socketUrl).toBe('wss://env.example')
    expect(read(['--url', 'http://localhost:1'], env).socketUrl).toBeNull()
    expect(read(['--url', 'http://localhost:1', '--socket-url', 'ws://localhost:2/'], env).socketUrl).toBe(
      'ws://localhost:2',
    )
    expect(read([], env, 'prod').socketUrl).toBe('wss://prod.example')
    expect(read(['--profile', 'dev'], env, 'prod').socketUrl).toBeNull()
  })

  test.each([
    [['--url', 'localhost:3000'], {}, '--url "localhost:3000" is not an address that starts with http://'],
    [[], { TIDEWIRE_URL: 'nowhere' }, 'TIDEWIRE_URL "nowhere" is not an address'],
    [['--socket-url', 'http://a'], {}, '--socket-url "http://a" is not an address that starts with ws://'],
    [
      ['--key', 'a b'],
      {},
      'the credentials (--key) are empty or have characters that no HTTP header may have',
    ],
    [['--key', 'a', '--token', 'b'], {}, "'--key <key>' cannot be used with option '--token <token>'"],
    [[], { TIDEWIRE_KEY: 'a', TIDEWIRE_TOKEN: 'b' }, 'TIDEWIRE_KEY and TIDEWIRE_TOKEN are both set'],
    [['--profile', 'nope'], {}, 'there is no profile "nope"; there are: dev, prod'],
  ])('are refused with the setting to change: %j %j', (args, env, reason) => {
    expect(() => read(args, env, null)).toThrow(reason)
  })
})
