import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { log, topics } from './compose.ts'

/** `GET /health`: 200 when the log table answers. */
export const handler = httpHandler(async () => {
  const [first = ''] = topics.names
  await log.topic(first)
  return { status: 200, body: { status: 'ok', topics: topics.names } }
})
