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
import { cognitoUserPoolsTokenProvider, refreshAuthTokensWithoutDedupe } from 'aws-amplify/auth/cognito'
import { ConsoleLogger } from 'aws-amplify/utils'
import { limited, limitedCalls } from './limited.ts'
import { type AuthService, type Identity, userOfClaims } from './session.ts'
import { authenticatorOf, signInSteps } from './sign-in-steps.ts'

/** How long the user pool may take for one step, in milliseconds: it sends a request up to four times. */
const PATIENCE_MS = 20_000
const REFRESH_MS = 15_000

/**
 * Cognito through aws-amplify, which stores the tokens in `localStorage` and refreshes them. It deletes them only when the
 * user pool says that they are no longer valid, never for a network that is away, a 429 or a 5xx:
 * https://github.com/aws-amplify/amplify-js/issues/14534
 */
export function cognito(identity: Identity): AuthService {
  const { userPoolId, clientId, endpoint } = identity
  // It warns about every endpoint that is not AWS's; what matters it throws.
  ConsoleLogger.LOG_LEVEL = 'ERROR'
  const place = { userPoolId, userPoolClientId: clientId }
  Amplify.configure({ Auth: { Cognito: { ...place, ...(endpoint && { userPoolEndpoint: endpoint }) } } })
  // Its own refresh joins whom asks later to a request that hangs, for good.
  cognitoUserPoolsTokenProvider.tokenOrchestrator.setTokenRefresher((input) =>
    limited(refreshAuthTokensWithoutDedupe(input), REFRESH_MS),
  )
  const steps = limitedCalls({ signIn, confirmSignIn, signOut }, PATIENCE_MS)
  return {
    user: async () => {
      const { tokens } = await fetchAuthSession()
      return tokens ? userOfClaims(tokens.accessToken.payload) : null
    },
    token: async (renew) => {
      const { tokens } = await fetchAuthSession({ forceRefresh: renew !== undefined })
      return tokens?.accessToken.toString() ?? null
    },
    ...signInSteps(steps, identity),
    signOut: steps.signOut,
    authenticator: authenticatorOf(
      limitedCalls(
        {
          fetchAuthSession: () => fetchAuthSession(),
          setUpTOTP,
          verifyTOTPSetup,
          updateMFAPreference,
          fetchMFAPreference,
        },
        PATIENCE_MS,
      ),
    ),
  }
}
