import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GetCommand } from '#shared/adapters/dynamodb/commands.ts'
import { dynamoClient } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { apiGateway } from '#shared/adapters/gateway/api-gateway.ts'
import { cognitoPeople } from '#shared/adapters/identity/cognito-people.ts'
import { copyIssuerKeys } from '#shared/adapters/identity/issuer-keys.ts'
import { functionCaller } from '#shared/adapters/lambda/call-function.ts'
import { secretsManager } from '#shared/adapters/secrets/secrets-manager.ts'
import { memorySigningKeyStore } from '#shared/testing/memory/memory-signing-key-store.ts'
import { startTcpProxy, type TcpProxy } from './proxies/tcp-proxy.ts'

// While a sandbox is frozen, the network forgets its idle connections without telling anybody. A client that trusts such
// a connection waits for an answer that never comes.

const PROMISED_MS = 3000
/** Longer than a connection counts as one that was in use just now. */
const IDLE_MS = 1100
const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's' }
const KEYS = JSON.stringify({ keys: [{ kid: 'k1', kty: 'RSA', use: 'sig', n: 'n', e: 'AQAB' }] })

/** Responds to every service as far as it is asked here. */
const server = createServer((request, response) => {
  request.resume()
  const isCall = request.url?.startsWith('/2015-03-31/')
  const secret = { SecretString: '{}', CreatedDate: 1 }
  const body = request.url?.endsWith('/jwks.json') ? KEYS : JSON.stringify(secret)
  request.on('end', () => response.writeHead(isCall ? 202 : 200).end(isCall ? '' : body))
})
let proxy: TcpProxy
let endpoint: string

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  proxy = await startTcpProxy(() => (server.address() as AddressInfo).port, 1)
  endpoint = `http://127.0.0.1:${proxy.port}`
})
afterAll(async () => {
  await proxy.stop()
  server.closeAllConnections()
  server.close()
})

/** One call of each client, which throws if it fails. */
function openClients(): Readonly<Record<string, () => Promise<unknown>>> {
  const dynamodb = dynamoClient({ endpoint, isLocal: true })
  const gateway = apiGateway({ endpoint, isLocal: true })
  const call = functionCaller('audit', AWS, endpoint)
  const people = cognitoPeople({ userPoolId: 'pool', aws: AWS, endpoint })
  const secrets = secretsManager({ aws: AWS, endpoint })
  const store = memorySigningKeyStore()
  return {
    'the tables': () => dynamodb.send(new GetCommand({ TableName: 't', Key: { k: '1' } })),
    'a post to a connection': async () => {
      const result = await gateway.post('c1', '{}', performance.now() + 10_000)
      if (result !== 'sent') throw new Error(result)
    },
    'the end of a connection': () => gateway.close('c1'),
    'a call of a function': () => call({ id: '1' }),
    'the user pool': () => people.signOut('ada'),
    'Secrets Manager': () => secrets.read('arn'),
    'the keys of the issuer': () => copyIssuerKeys(`${endpoint}/pool`, { store, now: Date.now }),
  }
}

test('after its idle connections were dropped, every client answers or fails within 3 s, and then works', async () => {
  const clients = Object.entries(openClients())
  await Promise.all(clients.map(([, call]) => call()))
  await sleep(IDLE_MS)
  proxy.forget()

  const outcomes = await Promise.all(
    clients.map(async ([name, call]) => {
      const begin = performance.now()
      const result = await call().then(
        () => 'answered',
        () => 'failed',
      )
      return { name, result, ms: Math.round(performance.now() - begin) }
    }),
  )

  expect(outcomes.filter(({ ms }) => ms > PROMISED_MS)).toEqual([])
  // A caller that cannot repeat is told; all others have repeated by themselves.
  const failed = outcomes.filter(({ result }) => result === 'failed').map(({ name }) => name)
  expect(failed).toEqual(['the end of a connection'])
  await expect(Promise.all(clients.map(([, call]) => call()))).resolves.toHaveLength(clients.length)
})
