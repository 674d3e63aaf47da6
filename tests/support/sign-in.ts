import type { Role } from '#shared/core/access/role.ts'
import type { TestStack } from './start-stack.ts'

/** The password of the local users. */
export const PASSWORD = 'Tidewire-local-1'
export const addressOf = (role: Role) => `${role}@tidewire.local`

type Tokens = { AccessToken: string; IdToken: string; RefreshToken: string }
export type SignInAnswer = {
  readonly status: number
  readonly body: { AuthenticationResult?: Tokens; __type?: string; message?: string }
}

/** Calls `InitiateAuth` as any client of Cognito does. */
export function initiateAuth(
  stack: TestStack,
  AuthFlow: string,
  AuthParameters: Record<string, string>,
): Promise<SignInAnswer> {
  return callIdentity(stack, 'InitiateAuth', { AuthFlow, AuthParameters })
}

/** Calls an action of Cognito for the web app's client. */
export async function callIdentity(stack: TestStack, action: string, input: object): Promise<SignInAnswer> {
  const { identity } = (await (await fetch(`${stack.webUrl}/config.json`)).json()) as {
    identity: { clientId: string; endpoint: string }
  }
  const response = await fetch(identity.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityProviderService.${action}`,
    },
    body: JSON.stringify({ ...input, ClientId: identity.clientId }),
  })
  return { status: response.status, body: (await response.json()) as SignInAnswer['body'] }
}

/** Signs in a local user. Returns the tokens. */
export async function signIn(stack: TestStack, role: Role): Promise<Tokens> {
  const parameters = { USERNAME: addressOf(role), PASSWORD }
  const { body } = await initiateAuth(stack, 'USER_PASSWORD_AUTH', parameters)
  if (body.AuthenticationResult === undefined) throw new Error(`no tokens for ${role}: ${body.message}`)
  return body.AuthenticationResult
}

/** Signs in a local user. Returns the header for its requests. */
export async function bearer(stack: TestStack, role: Role): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${(await signIn(stack, role)).AccessToken}` }
}
