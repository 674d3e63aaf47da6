import { UserNotFoundError } from 'cognito-local/lib/errors.js'
import {
  attributeValue,
  type User,
  type UserPoolService,
} from 'cognito-local/lib/services/userPoolService.js'
import { quietContext } from './user-pool.ts'

type Input = {
  readonly Username?: string
  readonly AccessToken?: string
}

/**
 * The actions of Cognito that the emulator lacks, by name. To sign out everywhere ends the refresh tokens of a user; the
 * access tokens live on, and are a matter of who hears of the action.
 */
export function poolActions(
  pool: UserPoolService,
): Readonly<Record<string, (input: unknown) => Promise<unknown>>> {
  const signOut = async (input: unknown): Promise<unknown> => {
    const user = await userOf(pool, input as Input)
    if (user === null) throw new UserNotFoundError()
    await pool.saveUser(quietContext, { ...user, RefreshTokens: [] })
    return {}
  }
  return { GlobalSignOut: signOut, AdminUserGlobalSignOut: signOut }
}

/** Keeps the refresh token of a sign-in that had further steps, which the emulator gives and forgets. */
export async function keepRefreshToken(pool: UserPoolService, input: unknown, reply: unknown): Promise<void> {
  const { ChallengeResponses } = input as { ChallengeResponses?: { USERNAME?: string } }
  const { AuthenticationResult } = reply as { AuthenticationResult?: { RefreshToken?: string } }
  const token = AuthenticationResult?.RefreshToken
  const user = await pool.getUserByUsername(quietContext, ChallengeResponses?.USERNAME ?? '')
  if (token !== undefined && user !== null) await pool.storeRefreshToken(quietContext, token, user)
}

/** Returns the `sub` of the user that the input of an action names; undefined if there is none. */
export async function subOf(pool: UserPoolService, input: unknown): Promise<string | undefined> {
  const user = await userOf(pool, input as Input)
  return attributeValue('sub', user?.Attributes)
}

async function userOf(pool: UserPoolService, { Username, AccessToken }: Input): Promise<User | null> {
  const name = Username ?? userNameIn(AccessToken)
  return name === undefined ? null : pool.getUserByUsername(quietContext, name)
}

/** The user of a token, which is not verified, as the emulator verifies none. */
function userNameIn(token: string | undefined): string | undefined {
  const [, payload] = token?.split('.') ?? []
  if (payload === undefined) return undefined
  const { username } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { username?: string }
  return username
}
