import type { CloudFormationCustomResourceEvent, Context, ScheduledEvent } from 'aws-lambda'
import { copyIssuerKeys } from '#shared/adapters/identity/issuer-keys.ts'
import { answerInTime } from '#shared/adapters/lambda/answer-in-time.ts'
import { customResource } from '#shared/adapters/lambda/custom-resource.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import { clock, openTables, signingKeyStore, telemetryOf } from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

type SigningKeysDeps = Measured & { readonly copy: () => Promise<void> }

export function composeSigningKeys(env: Environment): SigningKeysDeps {
  const store = signingKeyStore(openTables(env))
  return {
    copy: () => copyIssuerKeys(env.tokens.issuer, { store, now: clock.now }),
    telemetry: telemetryOf(env, 'signing-keys'),
  }
}

/**
 * Copies the keys that the issuer signs tokens with into a table, for functions that cannot reach the issuer: on a
 * schedule, and as a custom resource when the stage is deployed, so that the first token is already known.
 */
export function createSigningKeys({ copy, telemetry }: SigningKeysDeps) {
  const onDeployment = customResource(
    async () => {
      await copy()
      return {}
    },
    { sleep: clock.sleep },
  )
  const onSchedule = answerInTime<ScheduledEvent, null>(
    async () => {
      await copy()
      return null
    },
    {
      late: () => {
        throw new Error('the keys were not copied in time')
      },
      telemetry,
    },
  )
  return (event: ScheduledEvent | CloudFormationCustomResourceEvent, context: Context) =>
    'RequestType' in event ? onDeployment(event, context) : onSchedule(event, context)
}

export const handler = createSigningKeys(composeSigningKeys(readEnvironment(process.env)))
