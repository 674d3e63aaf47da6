import { join } from 'node:path'
import publicKey from 'cognito-local/lib/keys/cognitoLocal.public.json' with { type: 'json' }
import { createAccessCheck } from '../access/access-check.ts'
import type { Access } from '../access/read-access.ts'
import type { Service } from '../service.ts'
import { type Running, startWorker } from '../start-worker.ts'
import type { Trust } from '../trusted-requests.ts'
import { lastResponse } from './last-response.ts'
import { listenOnDemand } from './listen-on-demand.ts'
import { groupResponder, readPool } from './respond-with-groups.ts'
import { CLIENT_ID, emailOf, PASSWORD, USER_POOL_ID } from './user-pool.ts'

export type Identity = Running & {
  /** The `iss` of its tokens. */
  readonly issuer: string
  readonly userPoolId: string
  readonly clientId: string
  /** One user per group of `serverless.yml`. */
  readonly users: { readonly emails: readonly string[]; readonly password: string }
}

/**
 * Serves cognito-local with one user in each group of `serverless.yml`. It has Cognito's interface on loopback, as
 * aws-amplify and the functions use it. It runs on a thread of its own, which starts at the first request: a stack in
 * which nobody signs in saves its 35 MB. Rejects if the port is in use, or the file of the users is damaged.
 */
export async function startIdentityWorker(
  service: Service,
  {
    port,
    dataDir,
    trust,
    lambdaUrl,
    access,
    log,
  }: {
    readonly port: number
    readonly dataDir: string
    readonly trust: Trust
    /** Where functions are invoked. */
    readonly lambdaUrl: string
    /** What functions may ask of it. */
    readonly access: Access
    readonly log: (line: string) => void
  },
): Promise<Identity> {
  const groups = readGroups(service)
  const poolFile = join(dataDir, `${USER_POOL_ID}.json`)
  // The thread reads it too, but starts when somebody signs in: the start of the stack says what is wrong.
  readPool(poolFile)
  const file = new URL('./identity-worker.ts', import.meta.url)
  const issuer = `http://127.0.0.1:${port}`
  const start = () =>
    startWorker(file, {
      data: { issuer, dataDir, groups, trust, access, listener: readListener(service, lambdaUrl) },
      log,
    })
  const respondWithGroup = groupResponder({
    poolFile,
    groups,
    check: createAccessCheck(access, log),
  })
  const respond = (begin: string) => respondWithKeys(begin) ?? respondWithGroup(begin)
  const running = await listenOnDemand(port, { start, respond, log })
  return {
    ...running,
    issuer: `${running.endpoint}/${USER_POOL_ID}`,
    userPoolId: USER_POOL_ID,
    clientId: CLIENT_ID,
    users: { emails: groups.map(emailOf), password: PASSWORD },
  }
}

/** The keys of tokens are asked for every minute, and do not change: the emulator need not start for them. */
function respondWithKeys(begin: string): string | null {
  if (!/^GET \/[^ ]*\/\.well-known\/jwks\.json /.test(begin)) return null
  return lastResponse({ keys: [publicKey.jwk] })
}

/** The function that rules of EventBridge call with actions of Cognito: those that were done, and those that were refused. */
function readListener({ service, provider, functions = {} }: Service, lambdaUrl: string) {
  for (const [key, { name, events = [] }] of Object.entries(functions)) {
    const patterns = events.map(
      ({ eventBridge }) => (eventBridge as { pattern?: Pattern } | undefined)?.pattern,
    )
    const ours = patterns
      .filter((pattern) => pattern !== undefined)
      .filter(({ source }) => source?.includes('aws.cognito-idp'))
    if (ours.length === 0) continue
    const fullName = name ?? `${service}-${provider.stage ?? 'dev'}-${key}`
    const url = `${lambdaUrl}/2015-03-31/functions/${fullName}/invocations`
    const named = (isRefused: boolean) =>
      ours.flatMap(({ detail = {} }) =>
        (detail.errorCode !== undefined) === isRefused ? (detail.eventName ?? []) : [],
      )
    return { url, actions: named(false), refusals: named(true) }
  }
  return null
}

type Pattern = {
  readonly source?: readonly string[]
  readonly detail?: { readonly eventName?: readonly string[]; readonly errorCode?: readonly string[] }
}

/** The names of the user pool's groups among the resources. */
function readGroups(service: Service): string[] {
  return Object.values(service.resources?.Resources ?? {})
    .filter(({ Type }) => Type === 'AWS::Cognito::UserPoolGroup')
    .map(({ Properties }) => (Properties as { GroupName: string }).GroupName)
}
