import { type AwsSettings, serviceEndpoint, signingOf } from '#shared/adapters/aws/aws-settings.ts'
import { isOutage } from '#shared/adapters/aws/outage.ts'
import { payloadOf, signedRequester } from '#shared/adapters/aws/signed-request.ts'

/**
 * The call itself, not what the function then does: two tries, because the socket of a sandbox that was frozen may be
 * dead. What is called twice does its work once, by the ids in its input.
 */
const TRIES_MS = [1500, 1400] as const

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
    const tryOnce = (timeoutMs: number) =>
      request({ path, headers, payload, timeoutMs }, { credentials, region, now: Date.now() })
    const [first, second] = TRIES_MS
    const { status, body } = await tryOnce(first).catch((error: unknown) => {
      if (isOutage(error)) return tryOnce(second)
      throw error
    })
    if (status !== 202) throw new Error(`calling ${name} answered ${status}: ${body}`)
  }
}
