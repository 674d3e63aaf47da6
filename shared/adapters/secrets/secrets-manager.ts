import type { AwsSettings } from '#shared/adapters/aws/aws-settings.ts'
import { actionCaller } from '#shared/adapters/aws/call-action.ts'

/** The current version of a secret. */
export type Secret = {
  /** As it was stored; usually JSON. */
  readonly value: string
  /** When this version was stored, in milliseconds since 1970. */
  readonly created: number
}

type Options = {
  readonly aws: AwsSettings
  /** Where Secrets Manager is, if not in the cloud. */
  readonly endpoint?: string | undefined
  /** The maximum duration of each try, in milliseconds. */
  readonly triesMs?: readonly number[]
}

/** Two tries, because the socket of a sandbox that was frozen may be dead; together they take less than 3 s. */
const TRIES_MS = [1400, 1400]

/**
 * Reads secrets of AWS Secrets Manager. `read` throws if there is no such secret, if the function may not read it, or if
 * Secrets Manager does not answer.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 */
export function secretsManager({ aws, endpoint, triesMs = TRIES_MS }: Options): {
  /** Returns the current version of the secret with this ARN. */
  readonly read: (arn: string) => Promise<Secret>
} {
  const call = actionCaller({ name: 'secretsmanager', target: 'secretsmanager', aws, endpoint, triesMs })
  return {
    async read(arn) {
      type Reply = { readonly SecretString?: string; readonly CreatedDate?: number }
      const { SecretString, CreatedDate = 0 } = await call<Reply>('GetSecretValue', { SecretId: arn })
      if (SecretString === undefined) throw new Error(`the secret ${arn} is binary; it must be text`)
      return { value: SecretString, created: Math.round(CreatedDate * 1000) }
    },
  }
}
