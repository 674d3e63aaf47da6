import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { accessKeyOf } from '../../localstack/access/caller.ts'
import type { RecordedCall } from '../../localstack/access/record-calls.ts'
import { get, publish } from '../support/api.ts'
import { openSocket } from '../support/open-socket.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

// What a function asks of an emulator that its role does not allow. The other suites prove that what they need is allowed:
// no stack may log a refusal.

let stack: TestStack
let folder: string
let record: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewire-access-'))
  record = join(folder, 'calls.jsonl')
  stack = await startStack({ env: { ACCESS_RECORD: record } })
})
afterAll(async () => {
  await stack.dispose({ refusals: 4 })
  await rm(folder, { recursive: true, force: true })
})

it('each emulator knows which function sent a request', async () => {
  const socket = await openSocket(stack.socketUrl)
  socket.send({ action: 'subscribe', id: 's', attempt: 1, channels: ['port.**'] })
  await socket.next(({ type }) => type === 'subscribed')
  await publish(stack.httpUrl, { type: 'port.ship.arrived', data: { vessel: 'Aurora' } })
  await socket.next(({ type }) => type === 'events')
  await get(`${stack.httpUrl}/dead-letters`)
  await get(`${stack.httpUrl}/users`)
  await socket.close()

  const wanted = [
    'write dynamodb',
    'deliver dynamodb',
    'fold dynamodb',
    'message execute-api',
    'deliver execute-api',
    'read lambda',
    'accounts cognito-idp',
  ]
  await expect
    .poll(async () => {
      const lines = (await readFile(record, 'utf8')).split('\n').filter((line) => line !== '')
      const calls = lines.map((line): RecordedCall => JSON.parse(line))
      const made = new Set(calls.map(({ function: name, action }) => `${name} ${action.split(':')[0]}`))
      return wanted.filter((one) => !made.has(one))
    })
    .toEqual([])
})

/** Sends what a function would send: it is known by the access key of its signature. */
async function sendAs(
  functionKey: string,
  port: string,
  { path = '/', ...rest }: { path?: string; headers?: Record<string, string>; body: object },
) {
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyOf(functionKey)}/20261127/local/service/aws4_request, SignedHeaders=host, Signature=0`
  const response = await fetch(`http://127.0.0.1:${stack.ports[port]}${path}`, {
    method: 'POST',
    headers: { ...rest.headers, authorization },
    body: JSON.stringify(rest.body),
  })
  return { status: response.status, text: await response.text() }
}

const target = (name: string) => ({ headers: { 'x-amz-target': name } })
const key = { TableName: 'tidewire-local-keys', Key: { kind: { S: 'key' }, item: { S: 'k1' } } }

it.each<[string, number, string, () => ReturnType<typeof sendAs>]>([
  [
    'DynamoDB',
    400,
    'The function health is not authorized to perform dynamodb:GetItem on arn:aws:dynamodb:local:000000000000:table/tidewire-local-keys',
    () => sendAs('health', 'DYNAMODB_PORT', { ...target('DynamoDB_20120810.GetItem'), body: key }),
  ],
  [
    'the management API of sockets',
    403,
    'The function connect is not authorized to perform execute-api:ManageConnections',
    () => sendAs('connect', 'WS_PORT', { path: '/@connections/c1', body: {} }),
  ],
  [
    'the Invoke API',
    403,
    'The function write is not authorized to perform lambda:InvokeFunction on arn:aws:lambda:local:000000000000:function:tidewire-local-audit',
    () =>
      sendAs('write', 'LAMBDA_PORT', {
        path: '/2015-03-31/functions/tidewire-local-audit/invocations',
        body: {},
      }),
  ],
  [
    'Cognito',
    400,
    'The function read is not authorized to perform cognito-idp:AdminGetUser',
    () =>
      sendAs('read', 'IDENTITY_PORT', {
        ...target('AWSCognitoIdentityProviderService.AdminGetUser'),
        body: { Username: 'admin@tidewire.local' },
      }),
  ],
])('%s refuses a function what its role does not allow', async (_, status, problem, send) => {
  const response = await send()

  expect([response.status, response.text]).toEqual([status, expect.stringContaining(problem)])
  expect(response.text).toContain(status === 400 ? 'AccessDeniedException' : 'does not allow it')
})

it('what no function has signed is not restricted: tests and tools use the emulators as they like', async () => {
  const response = await fetch(`http://127.0.0.1:${stack.ports.DYNAMODB_PORT}`, {
    method: 'POST',
    ...target('DynamoDB_20120810.GetItem'),
    body: JSON.stringify(key),
  })

  expect(response.status).toBe(200)
})
