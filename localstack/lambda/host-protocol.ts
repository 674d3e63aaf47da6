import { type Invocation, THROTTLED } from './function-host.ts'

// The messages between the gateway's thread and a host's. The text of a body travels beside the JSON of its event or
// response: escaping it, only to parse it again on the other side, would be most of the work.

export type HostRequest =
  | {
      readonly id: number
      /** The name of the function. */
      readonly name: string
      /** The event in JSON, without its `body` if `body` is given. */
      readonly event: string
      /** The `body` of an event of API Gateway, or null if it has none; undefined for any other event. */
      readonly body: string | null | undefined
    }
  | { readonly stop: string; readonly isStopped: boolean }
  | { readonly control: 'start trigger' | 'stop trigger' | 'read metrics' }

export type HostReply =
  | {
      readonly id: number
      readonly isError: boolean
      /** The payload, or the function's error, in JSON, without its `body` if `body` is given. */
      readonly payload: string
      readonly body: string | undefined
    }
  | {
      readonly done: 'start trigger' | 'stop trigger' | 'read metrics'
      /** What was read. */
      readonly text?: string
    }

/** Lambda's limit of the event and of the response of a synchronous invocation, in bytes. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024

/** Returns the event that a request carries. */
export function decodeEvent(event: string, body: string | null | undefined): unknown {
  const decoded: unknown = JSON.parse(event)
  return typeof body === 'string' && isFields(decoded) ? Object.assign(decoded, { body }) : decoded
}

/** Returns what a reply carries. `splitsBody` puts a text in `body` beside the JSON. */
export function encodeInvocation(
  invocation: Invocation,
  splitsBody: boolean,
): Pick<Extract<HostReply, { id: number }>, 'isError' | 'payload' | 'body'> {
  if ('functionError' in invocation) return encodeError(invocation.functionError)
  const { payload } = invocation
  const isSplit = splitsBody && isFields(payload) && typeof payload.body === 'string'
  try {
    const text = JSON.stringify(isSplit ? { ...payload, body: undefined } : payload) ?? 'null'
    const body = isSplit ? String(payload.body) : undefined
    if (text.length + (body?.length ?? 0) <= MAX_PAYLOAD_BYTES) return { isError: false, payload: text, body }
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${MAX_PAYLOAD_BYTES} bytes).`
    return encodeError({ errorType: 'Function.ResponseSizeTooLarge', errorMessage, trace: [] })
  } catch (error) {
    const errorMessage = `The function returned what is not JSON: ${error}`
    return encodeError({ errorType: 'Runtime.MarshalError', errorMessage, trace: [] })
  }
}

function encodeError(error: object) {
  return { isError: true, payload: JSON.stringify(error), body: undefined }
}

/** Whether the error of an invocation, in JSON, is that Lambda did not begin it. */
export function isThrottled(payload: string): boolean {
  return (JSON.parse(payload) as { readonly errorType?: unknown }).errorType === THROTTLED
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
