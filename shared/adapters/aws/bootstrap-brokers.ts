import { type AwsSettings, serviceEndpoint, signingOf } from './aws-settings.ts'
import { isOutage } from './outage.ts'
import { payloadOf, signedRequester } from './signed-request.ts'

/** How the brokers of an MSK cluster are authenticated to, each at a port of its own. */
export type MskAuth = 'iam' | 'scram'

/** What the service calls the brokers that are reached from inside the VPC. */
const NAMES = { iam: 'bootstrapBrokerStringSaslIam', scram: 'bootstrapBrokerStringSaslScram' } as const
const TRIES = 3
const PATIENCE_MS = 5000

type Options = { readonly aws: AwsSettings; readonly endpoint?: string | undefined }

/**
 * Makes the function that returns the brokers of an MSK cluster, as `host:port,host:port`. Throws an error that says what
 * to do if the cluster has none with this authentication, or cannot be asked.
 * @see https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-bootstrap-brokers.html
 */
export function bootstrapBrokers({
  aws,
  endpoint,
}: Options): (arn: string, auth: MskAuth) => Promise<string> {
  const { credentials, region } = signingOf(aws)
  const url = endpoint === undefined ? serviceEndpoint('kafka', region) : new URL(endpoint)
  const request = signedRequester('kafka', url)
  const get = async (path: string) => {
    for (let tries = 1; ; tries++) {
      try {
        const exchange = {
          method: 'GET' as const,
          path,
          headers: {},
          payload: payloadOf(''),
          timeoutMs: PATIENCE_MS,
        }
        return await request(exchange, { credentials, region, now: Date.now() })
      } catch (error) {
        if (tries === TRIES || !isOutage(error)) throw error
      }
    }
  }
  return async (arn, auth) => {
    const { status, body } = await get(`/v1/clusters/${encodeURIComponent(arn)}/bootstrap-brokers`)
    if (status !== 200)
      throw new Error(`MSK does not name the brokers of ${arn}: ${messageIn(body.toString())} (${status})`)
    const brokers: unknown = JSON.parse(body.toString())[NAMES[auth]]
    if (typeof brokers === 'string' && brokers !== '') return brokers
    throw new Error(
      `The cluster ${arn} has no brokers with ${auth === 'iam' ? 'IAM' : 'SASL/SCRAM'} authentication. Switch it on in the cluster, or deploy with another kafkaAuth.`,
    )
  }
}

/** The message of an error of AWS. What is no JSON comes from something in between. */
function messageIn(body: string): string {
  return /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/i.exec(body)?.[1] ?? 'no reason was given'
}
