import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { requirePrincipal } from '#shared/adapters/http/require-principal.ts'
import { assertRole, PUBLISHERS } from '#shared/core/role.ts'
import { accept } from '#shared/pipeline/accept/accept.ts'
import { readPost } from '#shared/pipeline/accept/read-post.ts'
import { refuseReserved } from '#shared/pipeline/lifecycle/lifecycles.ts'
import { catalog, claims, identify, kafka, lifecycles, limitRate, newId } from './compose.ts'

const now = () => new Date()

/** `POST /events`: 202 once Kafka has acknowledged every event, never before. */
export const handler = httpHandler(async (request) => {
  const principal = await requirePrincipal(request, identify)
  assertRole(principal, PUBLISHERS, 'write events')
  const { name } = principal
  return limitRate(name, async () => {
    const { isBatch, events, madeIds, binding } = readPost(request, name, { catalog, now, newId })
    refuseReserved(events, lifecycles)
    const receipts = await accept(events, madeIds, { kafka, claims, catalog, newId }, binding)
    return { status: 202, body: isBatch ? { accepted: receipts.length, events: receipts } : receipts[0] }
  })
})
