import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { Value } from './cloudformation.ts'
import { type Deployment, readDeployment } from './deployment.ts'
import { pageHeaders } from './page/page-headers.ts'
import { pageRouting } from './page/page-routing.ts'
import { web } from './web.ts'

const place = { service: 'tidewire', stage: 'prod', topics: [] }
const deploymentOf = (given: Record<string, string> = {}): Promise<Deployment> =>
  readDeployment({ kafka: 'serverless', retention: '7d', ...given }, place)

type Fields = { readonly [name: string]: Value }
const isFields = (value: Value | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The member of a resource's properties at a path. */
async function memberOf(
  id: string,
  path: string,
  given?: Record<string, string>,
): Promise<Value | undefined> {
  const properties = web(await deploymentOf(given)).Resources?.[id]?.Properties
  return path
    .split('.')
    .reduce<Value | undefined>((value, name) => (isFields(value) ? value[name] : undefined), properties)
}

test('the headers are those of the local page, with the region for the addresses', async () => {
  const config = 'ResponseHeadersPolicyConfig'
  const security = await memberOf('WebHeaders', `${config}.SecurityHeadersConfig`)
  const custom = await memberOf('WebHeaders', `${config}.CustomHeadersConfig.Items`)
  const region = `\${AWS::Region}.amazonaws.com`
  const expected = pageHeaders([
    `https://*.execute-api.${region}`,
    `wss://*.execute-api.${region}`,
    `https://cognito-idp.${region}`,
  ])

  expect(security).toEqual({
    ContentSecurityPolicy: {
      ContentSecurityPolicy: { 'Fn::Sub': expected['content-security-policy'] },
      Override: true,
    },
    ContentTypeOptions: { Override: true },
    ReferrerPolicy: { ReferrerPolicy: expected['referrer-policy'], Override: true },
    StrictTransportSecurity: { AccessControlMaxAgeSec: 31_536_000, Override: true },
  })
  expect(custom).toEqual(
    (['cross-origin-opener-policy', 'permissions-policy'] as const).map((name) => ({
      Header: name,
      Value: expected[name],
      Override: true,
    })),
  )
})

test('sockets with an address of their own are in the policy of the page', async () => {
  const path =
    'ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy.Fn::Sub'

  expect(await memberOf('WebHeaders', path, { socketUrl: 'wss://live.example.com/v1' })).toContain(
    'amazonaws.com wss://live.example.com;',
  )
})

test('the page may call the API, and needs nothing of it, which would be a circle', async () => {
  const { HttpApi, ...others } =
    web(await deploymentOf({ allowedOrigins: 'https://app.example.com' })).Resources ?? {}

  expect(HttpApi?.Properties).toEqual({
    CorsConfiguration: {
      AllowOrigins: [{ 'Fn::Sub': `https://\${WebDistribution.DomainName}` }, 'https://app.example.com'],
    },
  })
  expect(JSON.stringify(others)).not.toMatch(/HttpApi|WebsocketsApi|UserPool/)
})

test('only the distribution reads the bucket, and only over TLS', async () => {
  const statements = await memberOf('WebBucketPolicy', 'PolicyDocument.Statement')

  expect(statements).toMatchObject([
    { Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    {
      Effect: 'Allow',
      Principal: { Service: 'cloudfront.amazonaws.com' },
      Condition: {
        StringEquals: { 'AWS:SourceArn': { 'Fn::Sub': expect.stringMatching(/\$\{WebDistribution\}$/) } },
      },
    },
  ])
  expect(Object.values((await memberOf('WebBucket', 'PublicAccessBlockConfiguration')) ?? {})).toEqual([
    true,
    true,
    true,
    true,
  ])
})

test('a domain of its own is the address of the page, with TLS 1.2 and newer', async () => {
  const given = {
    webDomain: 'live.example.com',
    webCertificate: 'arn:aws:acm:us-east-1:123456789012:certificate/0b1c',
  }

  expect(await memberOf('WebDistribution', 'DistributionConfig.Aliases', given)).toEqual(['live.example.com'])
  expect(await memberOf('WebDistribution', 'DistributionConfig.ViewerCertificate', given)).toMatchObject({
    AcmCertificateArn: given.webCertificate,
    MinimumProtocolVersion: 'TLSv1.2_2021',
  })
  expect(web(await deploymentOf(given)).Outputs?.WebUrl?.Value).toBe('https://live.example.com')
})

test.each([
  ['only one of the two', { webDomain: 'live.example.com' }],
  [
    'a certificate of another region',
    {
      webDomain: 'live.example.com',
      webCertificate: 'arn:aws:acm:eu-central-1:123456789012:certificate/0b1c',
    },
  ],
  [
    'an address instead of a name',
    {
      webDomain: 'https://live.example.com',
      webCertificate: 'arn:aws:acm:us-east-1:123456789012:certificate/0b1c',
    },
  ],
])('a domain with %s is refused with what to do', async (_, given) => {
  await expect(deploymentOf(given)).rejects.toThrow(
    /webDomain=live\.example\.com.*webCertificate=arn:aws:acm:us-east-1/,
  )
})

test('the local stack has no CDN', async () => {
  expect(web(await readDeployment({ retention: '7d' }, { ...place, stage: 'local' }))).toEqual({})
})

test.each([
  ['/', '/index.html'],
  ['/port', '/index.html'],
  ['/market/BRK.B', '/index.html'],
  ['/index.html', '/index.html'],
  ['/config.json', '/config.json'],
  ['/icon.svg', '/icon.svg'],
  ['/assets/index-C0ffee.js', '/assets/index-C0ffee.js'],
  ['/assets/gone', '/assets/gone'],
])('the path %s is the file %s', (uri, file) => {
  const routed = runInNewContext(`${pageRouting()}; handler(${JSON.stringify({ request: { uri } })}).uri`)

  expect(routed).toBe(file)
})
