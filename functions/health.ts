import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { catalog, store } from './compose.ts'

/** `GET /health`: 200 when the log table answers. */
export const handler = httpHandler(async () => {
  const [first = ''] = catalog.names
  await store.topic(first)
  return { status: 200, body: { status: 'ok', topics: catalog.names } }
})
