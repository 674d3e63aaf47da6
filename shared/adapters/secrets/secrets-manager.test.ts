import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { secretsManager } from './secrets-manager.ts'

const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's' }
const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:tidewire-prod-records-AbCdEf'
/** As Secrets Manager answers. */
const ANSWER = {
  ARN,
  CreatedDate: 1_795_788_000.123,
  Name: 'tidewire-prod-records',
  SecretString: '{"secret":"a"}',
  VersionId: 'EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE',
  VersionStages: ['AWSCURRENT'],
}

const TRY_MS = 200

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

type Call = { readonly headers: IncomingMessage['headers']; readonly body: unknown }

/** Starts a server that responds to each call by the next of `responses`, and to the last ones by the last of them. */
async function open(...responses: ((response: ServerResponse) => void)[]) {
  const calls: Call[] = []
  server = createServer(async (request, response) => {
    calls.push({ headers: request.headers, body: await json(request) })
    const respond = responses[Math.min(calls.length, responses.length) - 1]
    respond?.(response)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { calls, secrets: secretsManager({ aws: AWS, endpoint, triesMs: [TRY_MS, TRY_MS] }) }
}

const reply =
  (status: number, body: unknown) =>
  (response: ServerResponse): void =>
    void response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
const silence = () => {}
const hangUp = (response: ServerResponse) => response.destroy()

describe('Secrets Manager', () => {
  test('is asked for the current version with a signed call, and returns its text and its time', async () => {
    const { calls, secrets } = await open(reply(200, ANSWER))

    expect(await secrets.read(ARN)).toEqual({ value: '{"secret":"a"}', created: 1_795_788_000_123 })
    expect(calls).toMatchObject([
      { body: { SecretId: ARN }, headers: { 'x-amz-target': 'secretsmanager.GetSecretValue' } },
    ])
    expect(calls[0]?.headers.authorization).toMatch(/Credential=AKID\/\d{8}\/eu-central-1\/secretsmanager\//)
  })

  test.each([
    ['breaks the connection', hangUp],
    ['does not answer', silence],
    ['has a failure of its own', reply(500, { __type: 'InternalServiceError' })],
    ['throttles', reply(400, { __type: 'ThrottlingException', Message: 'Rate exceeded' })],
    ['is hidden behind something that failed', reply(502, '<html>')],
  ])('is asked a second time when it %s', async (_, respond) => {
    const { calls, secrets } = await open(respond, reply(200, ANSWER))

    expect((await secrets.read(ARN)).value).toBe('{"secret":"a"}')
    expect(calls).toHaveLength(2)
  })

  test('that never answers is given up after two tries', async () => {
    const { calls, secrets } = await open(silence)

    await expect(secrets.read(ARN)).rejects.toThrow('no response within 200 ms')
    expect(calls).toHaveLength(2)
  })

  test.each([
    [400, { __type: 'ResourceNotFoundException', Message: "can't find the specified secret" }],
    [400, { __type: 'com.amazonaws.secretsmanager#AccessDeniedException' }],
  ])('that refuses with %d %j is not asked again', async (status, body) => {
    const { calls, secrets } = await open(reply(status, body))

    await expect(secrets.read(ARN)).rejects.toMatchObject({ name: body.__type.replace(/^.*#/, '') })
    expect(calls).toHaveLength(1)
  })

  test('cannot give a secret that is no text', async () => {
    const { secrets } = await open(reply(200, { ...ANSWER, SecretString: undefined, SecretBinary: 'AA==' }))

    await expect(secrets.read(ARN)).rejects.toThrow('it must be text')
  })
})
