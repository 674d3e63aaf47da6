import { hash } from 'node:crypto'
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi'
import { S3Client } from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSigner, encodeStrictly } from './sign-request.ts'

type Signed = { readonly headers: Record<string, string> }
type SdkSigner = { sign(request: object, options: { readonly signingDate: Date }): Promise<Signed> }

/** The signer that the SDK's own client signs its posts with. */
async function sdkSigner(credentials: { accessKeyId: string; secretAccessKey: string }, region: string) {
  const client = new ApiGatewayManagementApiClient({
    endpoint: 'https://example.com',
    region,
    credentials,
  })
  const scheme = {
    name: 'sigv4',
    signingName: 'execute-api',
    signingRegion: region,
    properties: {},
  } as const
  return (await client.config.signer(scheme)) as unknown as SdkSigner
}

const requests = fc.record({
  method: fc.constantFrom('POST', 'DELETE', 'GET'),
  stage: fc.constantFrom('', '/dev', '/prod'),
  connection: fc.oneof(
    fc.base64String({ minLength: 4, maxLength: 16 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
  ),
  body: fc.oneof(fc.constant(''), fc.string({ unit: 'binary' }), fc.json()),
  host: fc.domain(),
  time: fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
  region: fc.constantFrom('eu-central-1', 'us-east-1', 'ap-southeast-2', 'us-gov-west-1'),
  // Often the same ones, so that the cached key meets other days and regions.
  credentials: fc.oneof(
    fc.constant({
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG',
      sessionToken: undefined,
    }),
    fc.record({
      accessKeyId: fc.stringMatching(/^[A-Z0-9]{16,20}$/),
      secretAccessKey: fc.string({ unit: 'grapheme-ascii', minLength: 16, maxLength: 40 }),
      sessionToken: fc.option(fc.base64String({ minLength: 100, maxLength: 800 }), { nil: undefined }),
    }),
  ),
})

describe('signing a request', () => {
  test('gives the signature of the SDK for 1,000 random requests', async () => {
    const sign = createSigner('execute-api')
    const property = fc.asyncProperty(requests, async (sample) => {
      const { method, stage, connection, body, host, time, region, credentials } = sample
      const path = `${stage}/@connections/${encodeStrictly(connection)}`
      const headers = { host, 'content-type': 'application/octet-stream' }
      const theirs = await (await sdkSigner(credentials, region)).sign(
        { method, path, headers, query: {}, body },
        { signingDate: time },
      )

      const unsigned = { method, path, headers, bodySha256: hash('sha256', body) }
      const ours = sign(unsigned, { credentials, region, now: time.getTime() })

      expect(ours).toEqual(theirs.headers)
    })
    await fc.assert(property, { numRuns: 1000 })
  })

  test('of S3 with a query gives the signature of the SDK', async () => {
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG' }
    const [region, time] = ['eu-central-1', new Date('2026-11-27T08:00:00Z')]
    const [method, path, host] = ['GET', '/', 'bucket.s3.eu-central-1.amazonaws.com']
    const query = { 'list-type': '2', prefix: 'port-events/0/', 'start-after': 'port-events/0/0001' }
    const client = new S3Client({ region, credentials })
    const scheme = { name: 'sigv4', signingName: 's3', signingRegion: region, properties: {} } as const
    const signer = (await client.config.signer(scheme)) as unknown as SdkSigner
    const theirs = await signer.sign(
      { method, path, headers: { host }, query, body: '' },
      { signingDate: time },
    )

    const text = Object.entries(query).map(([name, value]) => `${name}=${encodeStrictly(value)}`)
    const unsigned = {
      method,
      path,
      query: text.join('&'),
      headers: { host },
      bodySha256: hash('sha256', ''),
    }
    const ours = createSigner('s3')(unsigned, { credentials, region, now: time.getTime() })

    expect(ours.authorization).toBe(theirs.headers.authorization)
  })
})
