import { Amplify } from 'aws-amplify'
import {
  confirmSignIn,
  fetchAuthSession,
  fetchMFAPreference,
  setUpTOTP,
  signIn,
  signOut,
  updateMFAPreference,
  verifyTOTPSetup,
} from 'aws-amplify/auth'
import { ConsoleLogger } from 'aws-amplify/utils'
import { type AuthService, type Identity, userOfClaims } from './session.ts'
import { authenticatorOf, signInSteps } from './sign-in-steps.ts'

/** Cognito through aws-amplify, which stores the tokens in `localStorage` and refreshes them. */
export function cognito(identity: Identity): AuthService {
  const { userPoolId, clientId, endpoint } = identity
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
    ...signInSteps({ signIn, confirmSignIn, signOut }, identity),
    signOut: () => signOut(),
    authenticator: authenticatorOf({
      fetchAuthSession,
      setUpTOTP,
      verifyTOTPSetup,
      updateMFAPreference,
      fetchMFAPreference,
    }),
  }
}
