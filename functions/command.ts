import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { requirePrincipal } from '#shared/adapters/http/require-principal.ts'
import { keyRequest, readIdempotencyKey } from '#shared/pipeline/accept/idempotency-key.ts'
import { continueTrace } from '#shared/pipeline/accept/traceparent.ts'
import { entityTag } from '#shared/pipeline/lifecycle/entity-tag.ts'
import { moveEvent, readMoveBody } from '#shared/pipeline/lifecycle/move-event.ts'
import {
  catalog,
  claims,
  clock,
  identify,
  kafka,
  lifecycles,
  limitRate,
  newId,
  reader,
  store,
  viewStore,
} from './compose.ts'

const deps = { claims, clock, kafka, lifecycles, store, newId, reader, catalog, viewStore }

/** `POST /events/{id}/{move}` and `DELETE /events/{id}`: 202 once Kafka has the move, with the state that the views make of it. */
export const handler = httpHandler(async (request) => {
  const principal = await requirePrincipal(request, identify)
  const { id = '', move = 'delete' } = request.pathParameters
  const { headers, query } = request
  return limitRate(principal.name, async () => {
    const key = readIdempotencyKey(headers['idempotency-key'])
    const target = JSON.stringify([move, id, query.source])
    const { receipt, state } = await moveEvent(
      {
        id,
        move,
        principal,
        source: query.source,
        ifMatch: headers['if-match'],
        body: readMoveBody(request.body),
        traceparent: continueTrace(headers.traceparent),
        keyed: key === undefined ? undefined : keyRequest(principal.name, key, request, target),
      },
      deps,
    )
    if (state === null) return { status: 202, body: receipt }
    return { status: 202, headers: { etag: entityTag(state) }, body: { ...receipt, state: state.state } }
  })
})
