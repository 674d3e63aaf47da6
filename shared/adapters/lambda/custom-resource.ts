import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda'
import {
  type HttpExchange,
  type HttpReply,
  keepAliveRequester,
} from '#shared/adapters/aws/keep-alive-request.ts'
import { messageOf } from '#shared/core/text/message-of.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import type { Clock } from '#shared/pipeline/poll.ts'
import { answerInTime, timeLeft } from './answer-in-time.ts'

/** The properties of a resource, as CloudFormation sends them: every number and boolean is text. */
export type ResourceProperties = Readonly<Record<string, unknown>>

/** What `Fn::GetAtt` gives of the resource. It is readable by many, so nothing in it is secret. */
export type Attributes = Readonly<Record<string, string>>

type Options = {
  /** Sends the response; tests pass their own. */
  readonly send?: (endpoint: URL, exchange: HttpExchange) => Promise<HttpReply>
  readonly sleep: Clock['sleep']
}

/** Time kept back from the function's own limit to say that it was too short, in milliseconds. */
const RESERVE_MS = 15_000
const TRIES = 3
const PATIENCE_MS = 4000
const PAUSE_MS = 500
/** CloudFormation takes 4 KB. Most reasons are cut by their own senders before. */
const LONGEST_REASON = 1000

/**
 * Makes the handler of a custom resource of CloudFormation. `work` creates the resource or updates it, and may be repeated;
 * `leftMs` returns the time that it still has, in milliseconds.
 * CloudFormation waits for an hour for a response that does not come, so every event gets one: of what `work` throws, and
 * of a function that is about to run out of time, too. A resource is never deleted here, so that the deletion of a stage
 * does not fail, and its id stays the same, so that CloudFormation never replaces it.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
 */
export function customResource(
  work: (properties: ResourceProperties, leftMs: () => number) => Promise<Attributes>,
  { send = sendOnce, sleep }: Options,
) {
  const respond = async (event: CloudFormationCustomResourceEvent, outcome: Outcome): Promise<Told> => {
    const exchange = exchangeOf(event, outcome)
    for (let tries = 1; ; tries++) {
      const problem = await problemOf(send(new URL(event.ResponseURL), exchange))
      if (problem === null) return 'told'
      // The function then fails, and Lambda repeats it twice, since CloudFormation calls it without waiting.
      if (tries === TRIES) throw new Error(`CloudFormation did not take the response: ${problem}`)
      await sleep(PAUSE_MS * tries)
    }
  }
  const handle = async (event: CloudFormationCustomResourceEvent, context: Context) => {
    if (event.RequestType === 'Delete') return respond(event, {})
    const outcome = await work(event.ResourceProperties, () => timeLeft(context, RESERVE_MS)).then(
      (attributes): Outcome => ({ attributes }),
      (error: unknown): Outcome => {
        logError(`${event.LogicalResourceId} failed`, error)
        return { reason: messageOf(error) }
      },
    )
    return respond(event, outcome)
  }
  return answerInTime(handle, {
    reserveMs: RESERVE_MS,
    late: (event) =>
      respond(event, {
        reason: `${event.LogicalResourceId} was not done in the time of its function. See the log of the function, and deploy again: what was done stays.`,
      }),
  })
}

/** What the function returns, although nobody reads it: to middy, nothing is no response. */
type Told = 'told'

/** Without a reason it succeeded. */
type Outcome = { readonly reason?: string; readonly attributes?: Attributes }

function exchangeOf(event: CloudFormationCustomResourceEvent, { reason, attributes }: Outcome): HttpExchange {
  const { StackId, RequestId, LogicalResourceId, ResponseURL } = event
  const body = JSON.stringify({
    Status: reason === undefined ? 'SUCCESS' : 'FAILED',
    ...(reason !== undefined && { Reason: reason.slice(0, LONGEST_REASON) }),
    PhysicalResourceId: 'PhysicalResourceId' in event ? event.PhysicalResourceId : LogicalResourceId,
    StackId,
    RequestId,
    LogicalResourceId,
    ...(attributes && { Data: attributes }),
  })
  const { pathname, search, host } = new URL(ResponseURL)
  const headers = {
    host,
    // The address is signed for a request without a type.
    'content-type': '',
    'content-length': String(Buffer.byteLength(body)),
  }
  return { method: 'PUT', path: `${pathname}${search}`, headers, body, timeoutMs: PATIENCE_MS }
}

async function problemOf(sending: Promise<HttpReply>): Promise<string | null> {
  try {
    const { status } = await sending
    return status < 300 ? null : `it was answered with ${status}`
  } catch (error) {
    return messageOf(error)
  }
}

function sendOnce(endpoint: URL, exchange: HttpExchange): Promise<HttpReply> {
  return keepAliveRequester(new URL(endpoint.origin))(exchange)
}
