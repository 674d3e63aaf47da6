import { type AwsSettings, serviceEndpoint, signingOf } from './aws-settings.ts'
import { isOutage } from './outage.ts'
import { payloadOf, signedRequester } from './signed-request.ts'

type Service = {
  /** The name that the service is signed for and found at, such as `secretsmanager`. */
  readonly name: string
  /** What `x-amz-target` has before the action. */
  readonly target: string
  readonly aws: AwsSettings
  /** Where the service is, if not in the cloud. */
  readonly endpoint?: string | undefined
  /** The maximum duration of each try, in milliseconds. A try follows one that failed for a reason that may pass. */
  readonly triesMs: readonly number[]
}

/**
 * Makes the function that calls an action of a service with the protocol `aws-json-1.1`. It throws an error with the
 * name of the service's own, such as `UserNotFoundException`, or of the network's. The SDK's client of a service would
 * be a third of a small bundle.
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
export function actionCaller({ name, target, aws, endpoint, triesMs }: Service) {
  const { credentials, region } = signingOf(aws)
  const request = signedRequester(
    name,
    endpoint === undefined ? serviceEndpoint(name, region) : new URL(endpoint),
  )
  async function tryOnce<Output>(action: string, input: object, timeoutMs: number): Promise<Output> {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `${target}.${action}`,
    }
    const { status, body } = await request(
      { path: '/', headers, payload: payloadOf(JSON.stringify(input)), timeoutMs },
      { credentials, region, now: Date.now() },
    )
    if (status === 200) return JSON.parse(body.toString()) as Output
    const error = new Error(`${action} was answered with ${status}`)
    error.name = errorName(body.toString()) ?? (status >= 500 ? 'ServiceUnavailable' : 'AwsError')
    throw error
  }
  return async <Output>(action: string, input: object): Promise<Output> => {
    for (const [index, timeoutMs] of triesMs.entries()) {
      try {
        return await tryOnce<Output>(action, input, timeoutMs)
      } catch (error) {
        if (index === triesMs.length - 1 || !isOutage(error)) throw error
      }
    }
    throw new Error('there must be a try')
  }
}

/** The name in `__type`, which may follow a namespace and `#`. What is no JSON comes from something in between. */
function errorName(body: string): string | undefined {
  return /"__type"\s*:\s*"(?:[^"#]*#)?([\w.]+)"/.exec(body)?.[1]
}
