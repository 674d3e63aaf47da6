import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { openapiDocument } from '#shared/api/openapi.ts'
import { ROUTE_ACTIONS } from '#shared/api/route-actions.ts'
import { ACTIONS, type Action, ALL_ACTIONS, CHANNELS } from '#shared/core/access/policy.ts'
import { channelProblem } from '#shared/core/channel.ts'
import type { clientMessages } from '#shared/core/messages.ts'
import { domains } from '#shared/domain/catalog.ts'
import { type ReadDeps, readRoutes } from '../../functions/lib/read-routes.ts'
import { repositoryFiles } from '../support/repository-files.ts'

/** The routes that take no credentials of ours. Webhooks have the signature of their sender. */
const OPEN = [
  'GET /asyncapi.json',
  'GET /health',
  'GET /openapi.json',
  'GET /webhooks/{source}',
  'HEAD /webhooks/{source}',
  'OPTIONS /webhooks/{source}',
  'POST /webhooks/{source}',
]

/** What each message of a socket takes, besides the connection. A message without a line does not compile. */
const MESSAGE_ACTIONS: Readonly<Record<keyof typeof clientMessages, Action | null>> = {
  subscribe: 'read',
  // About the connection itself, which is the sender's own.
  unsubscribe: null,
  ping: null,
  refresh: null,
}

/** What the commands of `tidewire` do. */
const COMMAND_ACTIONS: Readonly<Record<string, readonly Action[]>> = {
  publish: ['publish'],
  archive: ['publish'],
  simulate: ['publish'],
  tail: ['read'],
  replay: ['replays.read', 'replays.run'],
  audit: ['audit.read'],
  keys: ['keys.read', 'keys.create', 'keys.revoke'],
  users: ['users.read', 'users.revoke'],
  connections: ['connections.read', 'connections.close'],
  'dead-letters': ['dead-letters.read', 'dead-letters.replay', 'dead-letters.discard'],
  topics: ['streams.list', 'streams.read'],
  erase: ['events.erase'],
  // It asks for what its credentials may do.
  doctor: ['users.me', 'tickets.create', 'stats.read', 'streams.list', 'dead-letters.read'],
  // It uses every function once.
  smoke: [
    'users.me',
    'tickets.create',
    'publish',
    'read',
    'stats.read',
    'move.port.acknowledge',
    'move.port.delete',
    'events.erase',
    'dead-letters.replay',
    'replays.read',
    'replays.run',
    'audit.read',
    'streams.list',
    'connections.read',
  ],
  // They compute.
  cost: [],
  token: [],
  // It reads and writes streams.
  secrets: [],
  profile: [],
  completion: [],
}

/** Actions that are decided, and that nothing does yet. */
const AWAITED: readonly string[] = []

type Operation = { readonly security?: readonly unknown[] } & Readonly<Record<string, unknown>>
const { paths } = openapiDocument(domains) as {
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(
    ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
  ),
)
const actions: Readonly<Record<string, string>> = ROUTE_ACTIONS
const moves = domains.flatMap(({ name, lifecycle }) =>
  Object.keys(lifecycle?.moves ?? {}).map((move) => `move.${name}.${move}`),
)
const files = await repositoryFiles()

describe('the policy', () => {
  test('has an action for every route of the API, but for those that are open', () => {
    expect(Object.keys(actions).sort()).toEqual(operations.map(([route]) => route).sort())
    const open = Object.keys(actions).filter((route) => actions[route] === 'nothing')
    expect(open.sort()).toEqual(OPEN)
    for (const [route, { security }] of operations)
      expect.soft([route, security?.length === 0]).toEqual([route, OPEN.includes(route)])
  })

  test('has the action that each route of the read function checks', () => {
    for (const [route, found] of Object.entries(readRoutes({} as ReadDeps)))
      expect.soft([route, found.isOpen ? 'nothing' : found.action]).toEqual([route, actions[route]])
  })

  test('is in the OpenAPI document: each operation says its action and the lowest role', () => {
    for (const [route, operation] of operations) {
      const { description = '' } = operation
      if (OPEN.includes(route)) continue
      const named = operation['x-tidewire-actions'] ?? {
        [String(operation['x-tidewire-action'])]: operation['x-tidewire-role'],
      }
      for (const [action, role] of Object.entries(named as Record<string, string>)) {
        expect.soft(ACTIONS[action as Action], `${route}: ${action}`).toBe(role)
        expect.soft(description).toContain(`\`${action}\`: the role ${role}`)
      }
    }
  })

  test('has a line for every move of a lifecycle, and no other', () => {
    expect(ALL_ACTIONS.filter((action) => action.startsWith('move.')).sort()).toEqual([...moves].sort())
  })

  test('has a line for every command of the command line', () => {
    const commands = files.flatMap((file) => /^cli\/([\w-]+)\/\1-command\.ts$/.exec(file)?.[1] ?? [])
    expect(commands.length).toBeGreaterThan(3)
    expect(commands.filter((command) => !Object.hasOwn(COMMAND_ACTIONS, command))).toEqual([])
  })

  test('has no line that nothing uses', async () => {
    const sources = files.filter(
      (file) =>
        /^(functions|shared|cli)\/.*\.ts$/.test(file) &&
        !/\.test\.ts$|\/testing\/|access\/policy\.ts$|api\/route-actions\.ts$/.test(file),
    )
    const texts = (await Promise.all(sources.map((file) => readFile(file, 'utf8')))).join('\n')
    const used = new Set([...texts.matchAll(/'([\w.-]+)'/g)].map(([, name = '']) => name))
    const checked = Object.values(MESSAGE_ACTIONS)
    const unused = ALL_ACTIONS.filter((action) => {
      const isAwaited = AWAITED.includes(action) || moves.includes(action)
      return !used.has(action) && !isAwaited && !checked.includes(action)
    })
    expect(unused).toEqual([])
    expect(AWAITED.filter((action) => used.has(action))).toEqual([])
  })

  test('decides about every channel, with types that people may write', () => {
    const patterns = CHANNELS.map(({ channels }) => channels.replace('{user}', '*'))
    for (const pattern of patterns) expect(channelProblem(pattern, { patterns: true })).toBeNull()
    expect(patterns.at(-1)).toBe('**')
    const definitions = new Map(domains.flatMap(({ events }) => Object.entries(events)))
    for (const type of CHANNELS.flatMap(({ types = [] }) => types).filter((one) => !one.includes('*')))
      expect.soft([type, definitions.get(type)?.isInternal ?? false]).toEqual([type, false])
  })
})
