import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Router } from 'cognito-local/lib/server/Router.js'
import { CognitoServiceFactoryImpl } from 'cognito-local/lib/services/cognitoService.js'
import type { DataStoreFactory } from 'cognito-local/lib/services/dataStore/factory.js'
import { DateClock, type Services } from 'cognito-local/lib/services/index.js'
import { otp } from 'cognito-local/lib/services/otp.js'
import { JwtTokenGenerator } from 'cognito-local/lib/services/tokenGenerator.js'
import { UserPoolServiceFactoryImpl } from 'cognito-local/lib/services/userPoolService.js'
import { readDataObject } from '../trouble/damaged-data.ts'
import { announceChanges, type CallAction, type PoolEvent } from './announce-changes.ts'
import { keepRefreshToken, poolActions, subOf } from './pool-actions.ts'
import { quietContext, seedUserPool, USER_POOL_ID } from './user-pool.ts'

type Options = {
  readonly dataDir: string
  /** The groups of the user pool. Each gets one user. */
  readonly groups: readonly string[]
  /** The URL before the pool's id in the `iss` of the tokens. */
  readonly issuer: string
  /** Called with the codes that Cognito would send by e-mail. */
  readonly log: (line: string) => void
  /** The actions that are announced once they are done, and to whom; nobody hears of any if this is left out. */
  readonly changes?: {
    readonly actions: readonly string[]
    readonly announce: (event: PoolEvent) => Promise<void>
  }
}

/**
 * Creates cognito-local with the seeded pool, without its own server, because that loads the AWS SDK, logs every request
 * and stores its data in the current folder.
 */
export async function createIdentity({
  dataDir,
  groups,
  issuer,
  log,
  changes,
}: Options): Promise<CallAction> {
  const clock = new DateClock()
  const stores = jsonStoreFactory(dataDir)
  const pools = new UserPoolServiceFactoryImpl(clock, stores)
  const cognito = await new CognitoServiceFactoryImpl(dataDir, stores, pools).create(quietContext, {})
  await seedUserPool(cognito, { groups, context: quietContext })
  const triggers = { enabled: () => false } as unknown as Services['triggers']
  const messages: Services['messages'] = {
    deliver: async (_, source, __, ___, { Username }, code) =>
      log(`${source}: the code for ${Username} is ${code}`),
  }
  const tokenGenerator = new JwtTokenGenerator(clock, triggers, { IssuerDomain: issuer })
  const config = {} as Services['config']
  const route = Router({ clock, cognito, config, messages, otp, tokenGenerator, triggers })
  const pool = await cognito.getUserPool(quietContext, USER_POOL_ID)
  const own = poolActions(pool)
  const call: CallAction = async (action, input) => {
    if (action === 'GetTokensFromRefreshToken')
      return route('InitiateAuth')(quietContext, toInitiateAuth(input))
    const reply = await (own[action]?.(input) ?? route(action)(quietContext, input))
    if (action === 'RespondToAuthChallenge') await keepRefreshToken(pool, input, reply)
    return reply
  }
  if (changes === undefined) return call
  return announceChanges(call, { ...changes, subOf: (input) => subOf(pool, input), now: Date.now })
}

/** aws-amplify refreshes tokens with an action that the emulator lacks. This is the older action. */
function toInitiateAuth(input: unknown) {
  const { ClientId, RefreshToken } = input as { ClientId?: string; RefreshToken?: string }
  return { AuthFlow: 'REFRESH_TOKEN_AUTH', ClientId, AuthParameters: { REFRESH_TOKEN: RefreshToken } }
}

type Tree = Record<string, unknown>

/** Stores each pool in a JSON file that is complete after a `kill -9`, which the emulator's own store does not guarantee. */
function jsonStoreFactory(directory: string): DataStoreFactory {
  mkdirSync(directory, { recursive: true })
  return {
    async create(_, id, defaults) {
      const path = join(directory, `${id}.json`)
      const root = readTree(path) ?? (structuredClone(defaults) as Tree)
      const save = () => {
        writeFileSync(`${path}.tmp`, JSON.stringify(root, null, 2), { mode: 0o600 })
        renameSync(`${path}.tmp`, path)
      }
      save()
      return jsonStore(root, save)
    },
  }
}

/** Throws DamagedDataError. */
function readTree(path: string): Tree | undefined {
  const found = readDataObject(path, 'Delete it: the users begin again as they were at first.')
  return found && JSON.parse(JSON.stringify(found), reviveDates)
}

function jsonStore(root: Tree, save: () => void): Awaited<ReturnType<DataStoreFactory['create']>> {
  return {
    async getRoot<T>() {
      return root as T
    },
    async get<T>(_: unknown, key: string | string[], fallback?: T) {
      return (find(root, [key].flat()) ?? fallback ?? null) as T
    },
    async set(_, key, value) {
      const [parent, name] = parentOf(root, [key].flat())
      parent[name] = value
      save()
    },
    async delete(_, key) {
      const [parent, name] = parentOf(root, [key].flat())
      delete parent[name]
      save()
    },
  }
}

function find(root: Tree, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, name) => (isTree(node, name) ? node[name] : undefined), root)
}

/** The object with the last name of a path. Creates the objects that are missing. */
function parentOf(root: Tree, path: readonly string[]): [parent: Tree, name: string] {
  const names = path.slice(0, -1)
  const parent = names.reduce<Tree>((node, name) => {
    if (!Object.hasOwn(node, name)) node[name] = {}
    return node[name] as Tree
  }, root)
  return [parent, path.at(-1) ?? '']
}

function isTree(node: unknown, name: string): node is Tree {
  return typeof node === 'object' && node !== null && Object.hasOwn(node, name)
}

/** The emulator's dates are the values whose name ends with "Date". */
function reviveDates(name: string, value: unknown): unknown {
  return name.endsWith('Date') && typeof value === 'string' ? new Date(value) : value
}
