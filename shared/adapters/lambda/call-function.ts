import { type AwsSettings, serviceEndpoint, signingOf } from '#shared/adapters/aws/aws-settings.ts'
import { payloadOf, signedRequester } from '#shared/adapters/aws/signed-request.ts'

/** The call itself, not what the function then does; in milliseconds. */
const PATIENCE_MS = 3000

/**
 * Makes the function that calls a Lambda function by its name and does not wait for what it does; locally at
 * `endpoint`. Throws when Lambda does not take the call. The SDK's client would be a third of a small bundle.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function functionCaller(
  name: string,
  aws: AwsSettings,
  endpoint?: string,
): (payload: object) => Promise<void> {
  const { credentials, region } = signingOf(aws)
  const url = endpoint === undefined ? serviceEndpoint('lambda', region) : new URL(endpoint)
  const request = signedRequester('lambda', url)
  const path = `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`
  const headers = { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' }
  return async (input) => {
    const payload = payloadOf(JSON.stringify(input))
    const { status, body } = await request(
      { path, headers, payload, timeoutMs: PATIENCE_MS },
      { credentials, region, now: Date.now() },
    )
    if (status !== 202) throw new Error(`calling ${name} answered ${status}: ${body}`)
  }
}
