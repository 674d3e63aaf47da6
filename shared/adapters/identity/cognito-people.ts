import type { AwsSettings } from '#shared/adapters/aws/aws-settings.ts'
import { actionCaller } from '#shared/adapters/aws/call-action.ts'
import { isUserName } from '#shared/core/access/principal.ts'
import { ROLES, type Role } from '#shared/core/access/role.ts'
import type { People } from '#shared/pipeline/people/directory.ts'

type Options = {
  readonly userPoolId: string
  readonly aws: AwsSettings
  /** Where Cognito is, if not in the cloud. */
  readonly endpoint?: string | undefined
  /** Whether the list must have everybody, however long that takes; it throws otherwise. */
  readonly isWhole?: boolean
}

/** Somebody waits for each of the calls: two tries, which together take less than 3 s. */
const TRIES_MS = [1500, 1400]
/** The most that Cognito returns at once. */
const PAGE = 60
/** Of each role, at most 1,200 people are listed to somebody who waits. */
const MOST_PAGES = 20
/** 60,000 people of each role are more than can be listed in the time of a function. */
const MOST_PAGES_OF_WHOLE = 1000
/** No such user, or a name that none can have. */
const UNKNOWN = ['UserNotFoundException', 'InvalidParameterException']

type User = { readonly Username?: string; readonly Enabled?: boolean }
type Reply = {
  readonly Users?: readonly User[]
  readonly NextToken?: string
}

/**
 * The people of a Cognito user pool: who is enabled and in the group of a role, because nobody else can do anything.
 * Throws when Cognito does not answer, or refuses.
 * @see https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsersInGroup.html
 */
export function cognitoPeople({ userPoolId, aws, endpoint, isWhole = false }: Options): People {
  const target = 'AWSCognitoIdentityProviderService'
  const call = actionCaller({ name: 'cognito-idp', target, aws, endpoint, triesMs: TRIES_MS })
  const pool = { UserPoolId: userPoolId }

  async function listGroup(role: Role): Promise<User[]> {
    const users: User[] = []
    let next: string | undefined
    for (let page = 0; page < (isWhole ? MOST_PAGES_OF_WHOLE : MOST_PAGES); page++) {
      const asked = { ...pool, GroupName: role, Limit: PAGE, ...(next && { NextToken: next }) }
      const { Users = [], NextToken } = await call<Reply>('ListUsersInGroup', asked)
      users.push(...Users)
      next = NextToken
      if (!next) return users
    }
    if (isWhole) throw new Error(`the group ${role} has more than ${users.length} users`)
    return users
  }

  return {
    async all() {
      const groups = await Promise.all(ROLES.map(async (role) => ({ role, users: await listGroup(role) })))
      const roles = new Map<string, Role>()
      // From the lowest to the highest, which counts.
      for (const { role, users } of groups)
        for (const user of users) if (isPerson(user)) roles.set(user.Username, role)
      return [...roles].map(([name, role]) => ({ name, role }))
    },
    async signOut(name) {
      try {
        await call('AdminUserGlobalSignOut', { ...pool, Username: name })
      } catch (error) {
        if (!isUnknown(error)) throw error
      }
    },
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof Error && UNKNOWN.includes(error.name)
}

function isPerson(user: User): user is User & { readonly Username: string } {
  return user.Enabled !== false && isUserName(user.Username ?? '')
}
