import type { CognitoService } from 'cognito-local/lib/services/index.js'
import type { UserPoolService } from 'cognito-local/lib/services/userPoolService.js'
import { localArn } from '../access/read-access.ts'

/** The user pool and app client of the local stack. Their ids are fixed, so that tokens and links survive a `--fresh`. */
export const USER_POOL_ID = 'local_tidewire'
export const CLIENT_ID = 'tidewirelocalweb'
/** The password of every user. */
export const PASSWORD = 'Tidewire-local-1'
/** The user pool of serverless.yml, as policies name it. */
export const POOL_ARN = localArn('cognito-idp', 'userpool/UserPool')

/** The user name and e-mail address of a group's user. */
export function emailOf(group: string): string {
  return `${group}@tidewire.local`
}

/** Creates the pool, its client, the groups and a user in each, unless they exist. What exists is not changed. */
export async function seedUserPool(
  cognito: CognitoService,
  { groups, context }: { readonly groups: readonly string[]; readonly context: Context },
): Promise<void> {
  const exists = (await cognito.listUserPools(context)).some(({ Id }) => Id === USER_POOL_ID)
  // As in serverless.yml, a user's name is the e-mail address itself, because access tokens contain only the name.
  if (!exists)
    await cognito.createUserPool(context, {
      Id: USER_POOL_ID,
      Name: 'tidewire-local',
      UsernameAttributes: [],
    })
  const pool = await cognito.getUserPool(context, USER_POOL_ID)
  // As with mfa=optional in the cloud.
  if (pool.options.MfaConfiguration !== 'OPTIONAL')
    await pool.updateOptions(context, { ...pool.options, MfaConfiguration: 'OPTIONAL' })
  if (!(await cognito.getAppClient(context, CLIENT_ID))) await createClient(pool, context)
  for (const [index, group] of groups.entries()) await seedUser(pool, { group, index }, context)
}

async function createClient(pool: UserPoolService, context: Context): Promise<void> {
  const now = new Date()
  await pool.saveAppClient(context, {
    UserPoolId: USER_POOL_ID,
    ClientId: CLIENT_ID,
    ClientName: 'web',
    CreationDate: now,
    LastModifiedDate: now,
    AccessTokenValidity: 60,
    IdTokenValidity: 60,
    TokenValidityUnits: { AccessToken: 'minutes', IdToken: 'minutes', RefreshToken: 'days' },
  })
}

type Seed = { readonly group: string; readonly index: number }

async function seedUser(pool: UserPoolService, { group, index }: Seed, context: Context): Promise<void> {
  const email = emailOf(group)
  const now = new Date()
  const Attributes = [
    { Name: 'sub', Value: `00000000-0000-4000-8000-00000000000${index}` },
    { Name: 'email', Value: email },
    { Name: 'email_verified', Value: 'true' },
  ]
  if (!(await pool.getUserByUsername(context, email)))
    await pool.saveUser(context, {
      Username: email,
      Password: PASSWORD,
      Attributes,
      Enabled: true,
      UserStatus: 'CONFIRMED',
      UserCreateDate: now,
      UserLastModifiedDate: now,
      RefreshTokens: [],
    })
  if (!(await pool.getGroupByGroupName(context, group)))
    await pool.saveGroup(context, {
      GroupName: group,
      CreationDate: now,
      LastModifiedDate: now,
      members: [email],
    })
}

/** The first argument of every call of the emulator. */
type Context = Parameters<CognitoService['listUserPools']>[0]

const logger: Context['logger'] = {
  child: () => logger,
  debug: () => {},
  error: () => {},
  info: () => {},
  warn: () => {},
}

/** A context that logs nothing, because errors are sent to the client. */
export const quietContext: Context = { logger }
