import type { CognitoService } from 'cognito-local/lib/services/index.js'
import type { UserPoolService } from 'cognito-local/lib/services/userPoolService.js'
import type { Context } from './context.ts'

/** The user pool and app client of the local stack. Their ids are fixed, so that tokens and links outlive a `--fresh`. */
export const USER_POOL_ID = 'local_tidewire'
export const CLIENT_ID = 'tidewirelocalweb'
/** The local users by role (CONTRACT.md), and the password of each. */
export const ROLES = ['viewer', 'publisher', 'operator', 'admin'] as const
export const PASSWORD = 'Tidewire-local-1'

/** Creates what is missing of the pool, its client, its groups and its users. What is there stays as it is. */
export async function seedUserPool(cognito: CognitoService, context: Context): Promise<void> {
  const isThere = (await cognito.listUserPools(context)).some(({ Id }) => Id === USER_POOL_ID)
  // User names are the e-mail addresses themselves, as in serverless.yml: access tokens carry nothing else.
  if (!isThere)
    await cognito.createUserPool(context, {
      Id: USER_POOL_ID,
      Name: 'tidewire-local',
      UsernameAttributes: [],
    })
  const pool = await cognito.getUserPool(context, USER_POOL_ID)
  if (!(await cognito.getAppClient(context, CLIENT_ID))) await createClient(pool, context)
  for (const [index, role] of ROLES.entries()) await seedUser(pool, { role, index }, context)
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

type Seed = { readonly role: string; readonly index: number }

async function seedUser(pool: UserPoolService, { role, index }: Seed, context: Context): Promise<void> {
  const email = `${role}@tidewire.local`
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
  if (!(await pool.getGroupByGroupName(context, role)))
    await pool.saveGroup(context, {
      GroupName: role,
      CreationDate: now,
      LastModifiedDate: now,
      members: [email],
    })
}
