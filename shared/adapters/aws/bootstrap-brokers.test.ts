import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { bootstrapBrokers } from './bootstrap-brokers.ts'

const ARN = 'arn:aws:kafka:eu-central-1:123456789012:cluster/tidewire-prod/guid-1'
const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's' }

/** Asks an MSK that gives this response, and returns what it was asked and what came of it. */
async function ask(auth: 'iam' | 'scram', status: number, response: object) {
  const asked: IncomingMessage[] = []
  const server = createServer((request, reply) => {
    asked.push(request)
    reply.writeHead(status).end(JSON.stringify(response))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const found = await bootstrapBrokers({ aws: AWS, endpoint })(ARN, auth).catch(String)
    return { found, asked }
  } finally {
    server.close()
  }
}

test('the brokers are those of the wanted authentication inside the VPC', async () => {
  const brokers = {
    bootstrapBrokerStringSaslIam: 'b-1:9098,b-2:9098',
    bootstrapBrokerStringSaslScram: 'b-1:9096',
    bootstrapBrokerStringPublicSaslIam: 'b-1-public:9198',
  }

  const { found, asked } = await ask('iam', 200, brokers)

  expect(found).toBe('b-1:9098,b-2:9098')
  expect([asked[0]?.method, asked[0]?.url]).toEqual([
    'GET',
    '/v1/clusters/arn%3Aaws%3Akafka%3Aeu-central-1%3A123456789012%3Acluster%2Ftidewire-prod%2Fguid-1/bootstrap-brokers',
  ])
  expect(asked[0]?.headers.authorization).toContain('/eu-central-1/kafka/aws4_request')
  expect((await ask('scram', 200, brokers)).found).toBe('b-1:9096')
})

test('a cluster without the wanted authentication, and one that is not there, are told with what to do', async () => {
  expect((await ask('scram', 200, { bootstrapBrokerStringSaslIam: 'b-1:9098' })).found).toContain(
    'has no brokers with SASL/SCRAM authentication. Switch it on',
  )
  expect((await ask('iam', 404, { message: 'cluster does not exist' })).found).toContain(
    'MSK does not name the brokers of arn:aws:kafka:eu-central-1:123456789012:cluster/tidewire-prod/guid-1: cluster does not exist (404)',
  )
})
