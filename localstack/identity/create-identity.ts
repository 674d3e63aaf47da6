import { Router } from 'cognito-local/lib/server/Router.js'
import { CognitoServiceFactoryImpl } from 'cognito-local/lib/services/cognitoService.js'
import { DateClock, type Services } from 'cognito-local/lib/services/index.js'
import { otp } from 'cognito-local/lib/services/otp.js'
import { JwtTokenGenerator } from 'cognito-local/lib/services/tokenGenerator.js'
import { UserPoolServiceFactoryImpl } from 'cognito-local/lib/services/userPoolService.js'
import { quietContext } from './context.ts'
import { jsonStoreFactory } from './json-store.ts'
import { seedUserPool } from './user-pool.ts'

type Options = {
  readonly dataDir: string
  /** The place that the tokens name as theirs. */
  readonly issuer: string
  /** Told of the codes that Cognito would send by e-mail. */
  readonly log: (line: string) => void
}

/** One action of Cognito's JSON interface, such as `InitiateAuth`. Throws the emulator's errors. */
export type CallAction = (action: string, input: unknown) => Promise<unknown>

/**
 * cognito-local with the seeded pool, without its own server: that one loads the AWS SDK, logs every request and keeps
 * its data wherever the process was started.
 */
export async function createIdentity({ dataDir, issuer, log }: Options): Promise<CallAction> {
  const clock = new DateClock()
  const stores = jsonStoreFactory(dataDir)
  const pools = new UserPoolServiceFactoryImpl(clock, stores)
  const cognito = await new CognitoServiceFactoryImpl(dataDir, stores, pools).create(quietContext, {})
  await seedUserPool(cognito, quietContext)
  const triggers = { enabled: () => false } as unknown as Services['triggers']
  const messages: Services['messages'] = {
    deliver: async (_, source, __, ___, { Username }, code) =>
      log(`${source}: the code for ${Username} is ${code}`),
  }
  const tokenGenerator = new JwtTokenGenerator(clock, triggers, { IssuerDomain: issuer })
  const config = {} as Services['config']
  const route = Router({ clock, cognito, config, messages, otp, tokenGenerator, triggers })
  const call: CallAction = (action, input) => route(action)(quietContext, input)
  return (action, input) =>
    action === 'GetTokensFromRefreshToken' ? call('InitiateAuth', toInitiateAuth(input)) : call(action, input)
}

/** How aws-amplify refreshes tokens, in the older words that the emulator knows. */
function toInitiateAuth(input: unknown) {
  const { ClientId, RefreshToken } = input as { ClientId?: string; RefreshToken?: string }
  return { AuthFlow: 'REFRESH_TOKEN_AUTH', ClientId, AuthParameters: { REFRESH_TOKEN: RefreshToken } }
}
