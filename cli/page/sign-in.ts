import { CliError, EXIT_CODES } from '../lib/cli-error.ts'
import { type AskCode, finishSignIn } from './finish-sign-in.ts'

/** Where users sign in, as the page knows it. */
export type Identity = {
  readonly userPoolId: string
  readonly clientId: string
  /** The address of the user pool, if it is not that of its region. */
  readonly endpoint?: string
  readonly authFlow: 'USER_SRP_AUTH' | 'USER_PASSWORD_AUTH'
}

/**
 * Signs in as the page does, and returns the access token. `askCode` is asked if the account has two-step sign-in. Throws
 * CliError with Cognito's reason, or with what to do first.
 */
export async function signInAs(
  { userPoolId, clientId, endpoint, authFlow }: Identity,
  user: string,
  password: string,
  askCode: AskCode | null = null,
): Promise<string> {
  // It is large, and only signing in needs it.
  const [{ Amplify }, auth, { cognitoUserPoolsTokenProvider }, { ConsoleLogger }] = await Promise.all([
    import('aws-amplify'),
    import('aws-amplify/auth'),
    import('aws-amplify/auth/cognito'),
    import('aws-amplify/utils'),
  ])
  // It warns about every endpoint that is not AWS's; what matters it throws.
  ConsoleLogger.LOG_LEVEL = 'ERROR'
  const place = { userPoolId, userPoolClientId: clientId }
  Amplify.configure({ Auth: { Cognito: { ...place, ...(endpoint && { userPoolEndpoint: endpoint }) } } })
  // With the storage that `configure` chose it would refuse a second sign-in of this process, and signing the first one out ends its token.
  cognitoUserPoolsTokenProvider.setKeyValueStorage(createMemory())
  try {
    const step = await auth.signIn({ username: user, password, options: { authFlowType: authFlow } })
    await finishSignIn(step, { confirm: auth.confirmSignIn, askCode })
    const { tokens } = await auth.fetchAuthSession()
    if (tokens) return tokens.accessToken.toString()
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    throw new CliError(`${user} cannot sign in: ${(cause as Error).message}`, {
      cause,
      exitCode: EXIT_CODES.refused,
    })
  }
  throw new CliError(`${user} got no token`, { exitCode: EXIT_CODES.refused })
}

/** Where Amplify keeps the tokens of one sign-in. */
function createMemory() {
  const items = new Map<string, string>()
  return {
    setItem: async (key: string, value: string) => void items.set(key, value),
    getItem: async (key: string) => items.get(key) ?? null,
    removeItem: async (key: string) => void items.delete(key),
    clear: async () => items.clear(),
  }
}

/**
 * Has the user pool refuse a sign-in: where passwords are sent as they are, with a wrong one; elsewhere with a refresh token
 * that is none. Returns whether it was refused.
 */
export async function failToSignIn({ userPoolId, clientId, endpoint, authFlow }: Identity): Promise<boolean> {
  const [region] = userPoolId.split('_')
  const attempt =
    authFlow === 'USER_PASSWORD_AUTH'
      ? { AuthFlow: authFlow, AuthParameters: { USERNAME: 'smoke@tidewire.invalid', PASSWORD: 'none' } }
      : { AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters: { REFRESH_TOKEN: 'none' } }
  const response = await fetch(endpoint ?? `https://cognito-idp.${region}.amazonaws.com`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth',
    },
    body: JSON.stringify({ ...attempt, ClientId: clientId }),
  })
  const { __type = '' } = (await response.json().catch(() => ({}))) as { readonly __type?: string }
  return __type.endsWith('NotAuthorizedException')
}
