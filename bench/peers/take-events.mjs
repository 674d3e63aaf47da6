import { createServer } from 'node:http'

/** A server without a framework whose `POST /events` answers 202 when `append` has resolved. */
export function takeEvents(append) {
  return createServer(async (request, response) => {
    if (request.method !== 'POST' || request.url !== '/events') return response.writeHead(404).end()
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const events = [JSON.parse(Buffer.concat(chunks).toString())].flat()
    await append(events)
    response.writeHead(202, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ accepted: events.length }))
  })
}
