import { Amplify } from 'aws-amplify'
import { confirmSignIn, fetchAuthSession, signIn, signOut } from 'aws-amplify/auth'
import { ConsoleLogger } from 'aws-amplify/utils'
import { type AuthService, type Identity, userOfClaims } from './session.ts'
import { explainSignIn, SignInError } from './sign-in-error.ts'

/** Cognito through aws-amplify, which stores the tokens in `localStorage` and refreshes them. */
export function cognito({ userPoolId, clientId, endpoint, authFlow }: Identity): AuthService {
  // It warns about every endpoint that is not AWS's; what matters it throws.
  ConsoleLogger.LOG_LEVEL = 'ERROR'
  const place = { userPoolId, userPoolClientId: clientId }
  Amplify.configure({ Auth: { Cognito: { ...place, ...(endpoint && { userPoolEndpoint: endpoint }) } } })
  return {
    user: async () => {
      const { tokens } = await fetchAuthSession()
      return tokens ? userOfClaims(tokens.accessToken.payload) : null
    },
    token: async (renew) => {
      const { tokens } = await fetchAuthSession({ forceRefresh: renew !== undefined })
      return tokens?.accessToken.toString() ?? null
    },
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
  throw new SignInError(
    `This account requires a sign-in step that this page does not support (${signInStep}).`,
  )
}
