import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { functionCaller } from './call-function.ts'

test('signs an asynchronous call, and throws if it is not accepted', async () => {
  const seen: { url: string | undefined; headers: IncomingHttpHeaders; body: string }[] = []
  const server = createServer(async (request, response) => {
    seen.push({ url: request.url, headers: request.headers, body: await text(request) })
    response.writeHead(request.url?.includes('unknown') ? 404 : 202).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const env = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKID',
    AWS_SECRET_ACCESS_KEY: 's',
    AWS_SESSION_TOKEN: 't',
  }
  try {
    await functionCaller('tidewire-dev-stats', env, endpoint)({ at: 7 })
    await expect(functionCaller('unknown', env, endpoint)({})).rejects.toThrow('calling unknown answered 404')
  } finally {
    server.close()
  }

  const { url, headers = {}, body } = seen[0] ?? {}
  expect([url, body]).toEqual(['/2015-03-31/functions/tidewire-dev-stats/invocations', '{"at":7}'])
  expect(headers).toMatchObject({
    'x-amz-invocation-type': 'Event',
    'x-amz-security-token': 't',
    authorization: expect.stringMatching(
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-central-1\/lambda\/aws4_request, SignedHeaders=.+, Signature=[0-9a-f]{64}$/,
    ),
  })
})
