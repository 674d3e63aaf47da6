import { Amplify } from 'aws-amplify'
import { type AuthTokens, confirmSignIn, fetchAuthSession, signIn, signOut } from 'aws-amplify/auth'
import { ConsoleLogger } from 'aws-amplify/utils'
import type { AuthService, Identity, Role, User } from './session.ts'
import { explainSignIn, SignInError } from './sign-in-error.ts'

/** From the most to the least: the highest of a user's groups counts, as on the server. */
const ROLES: readonly Role[] = ['admin', 'operator', 'publisher', 'viewer']

/** Cognito by aws-amplify, which keeps the tokens in `localStorage` and refreshes them. */
export function cognito({ userPoolId, clientId, endpoint, authFlow }: Identity): AuthService {
  // It warns of every endpoint that is not AWS's, and throws what matters.
  ConsoleLogger.LOG_LEVEL = 'ERROR'
  const place = { userPoolId, userPoolClientId: clientId }
  Amplify.configure({ Auth: { Cognito: { ...place, ...(endpoint && { userPoolEndpoint: endpoint }) } } })
  return {
    user: async () => toUser((await fetchAuthSession()).tokens),
    token: async () => (await fetchAuthSession()).tokens?.accessToken.toString() ?? null,
    signIn: async (name, password) => {
      const options = { authFlowType: authFlow }
      const start = () => signIn({ username: name, password, options })
      return settle(
        start().catch(async (error: unknown) => {
          if ((error as Error).name !== 'UserAlreadyAuthenticatedException') throw error
          await signOut()
          return start()
        }),
      )
    },
    setNewPassword: async (password) => {
      await settle(confirmSignIn({ challengeResponse: password }))
    },
    signOut: () => signOut(),
  }
}

type Step = { readonly nextStep: { readonly signInStep: string } }

async function settle(signingIn: Promise<Step>): Promise<'done' | 'new_password'> {
  const { signInStep } = (
    await signingIn.catch((cause: unknown) => {
      throw explainSignIn(cause)
    })
  ).nextStep
  if (signInStep === 'DONE') return 'done'
  if (signInStep === 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED') return 'new_password'
  throw new SignInError(`This account needs a step that this page does not know (${signInStep}).`)
}

function toUser(tokens: AuthTokens | undefined): User | null {
  if (!tokens) return null
  const { username, sub, 'cognito:groups': groups } = tokens.accessToken.payload
  const names: readonly unknown[] = Array.isArray(groups) ? groups : []
  return { name: String(username ?? sub), role: ROLES.find((role) => names.includes(role)) ?? null }
}
