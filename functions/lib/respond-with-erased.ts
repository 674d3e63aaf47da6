import type { HttpRequest, HttpResponse } from '#shared/adapters/http/http-message.ts'
import { assertMay } from '#shared/core/access/authorize.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { actorOf } from '#shared/core/audit.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import { type EraseDeps, eraseEvent, readReason } from '#shared/pipeline/lifecycle/erase-event.ts'
import { readMoveBody } from '#shared/pipeline/lifecycle/move-event.ts'
import { continueTrace } from '#shared/pipeline/trace.ts'

const ADVICE =
  'Kafka keeps the records named in "kafka" until their topic\'s retention ends, on disk perhaps a little longer. To remove them sooner, shorten the retention of the topic for a while, or delete the records of the partition up to an offset (kafka-delete-records).'

/** Whether a request is to erase an event. Its route has no parameter that names a move. */
export function isErasing({ method, pathParameters: { move } }: HttpRequest): boolean {
  return method === 'POST' && (move === undefined || move === 'erase')
}

/** `POST /events/{id}/erase`: 202 once nobody reads the data any more, and the views have been told. */
export async function respondWithErased(
  request: HttpRequest,
  principal: Principal,
  { audit, ...deps }: EraseDeps & { readonly audit: Audit },
): Promise<HttpResponse> {
  const { pathParameters, headers, query, caller } = request
  const { id = '' } = pathParameters
  assertMay(principal, 'events.erase')
  const reason = readReason(readMoveBody(request.body))
  const traceparent = continueTrace(headers.traceparent)
  const erased = await eraseEvent(
    { id, principal, source: query.source, ...(traceparent !== undefined && { traceparent }) },
    deps,
  )
  await audit.record({
    action: 'event.erased',
    principal: actorOf(principal),
    caller,
    target: id,
    reason,
    details: { event: erased.id, also: erased.also.length },
  })
  return { status: 202, body: { ...erased, advice: ADVICE } }
}
