import { AwsClient } from 'aws4fetch'

/** The call itself, not what the function then does; in milliseconds. */
const PATIENCE_MS = 3000

/**
 * Makes the function that calls a Lambda function by its name and does not wait for what it does; locally at
 * `endpoint`. Throws when Lambda does not take the call. The SDK's client would be a third of a small bundle.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function functionCaller(
  name: string,
  { AWS_REGION: region = 'local', ...env }: Readonly<Record<string, string | undefined>>,
  endpoint = `https://lambda.${region}.amazonaws.com`,
): (payload: object) => Promise<void> {
  const client = new AwsClient({
    accessKeyId: env.AWS_ACCESS_KEY_ID ?? 'local',
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? 'local',
    ...(env.AWS_SESSION_TOKEN !== undefined && { sessionToken: env.AWS_SESSION_TOKEN }),
    service: 'lambda',
    region,
    retries: 1,
  })
  const url = `${endpoint}/2015-03-31/functions/${encodeURIComponent(name)}/invocations`
  return async (payload) => {
    const response = await client.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' },
      body: JSON.stringify(payload),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const text = await response.text()
    if (response.status !== 202) throw new Error(`calling ${name} answered ${response.status}: ${text}`)
  }
}
