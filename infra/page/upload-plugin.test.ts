import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation'
import {
  CloudFrontClient,
  CreateDistributionCommand,
  ListInvalidationsCommand,
} from '@aws-sdk/client-cloudfront'
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { freePorts } from '../../tests/support/free-ports.ts'
import TidewirePage from './upload-plugin.ts'

const config = {
  region: 'eu-central-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
}
const hasMoto = spawnSync('moto_server', ['--help']).status === 0

describe.skipIf(!hasMoto)('the plugin, at an emulated account', () => {
  let moto: ChildProcess
  const lines: string[] = []
  const s3 = () => new S3Client({ ...config, forcePathStyle: true })
  const provider = {
    getAwsSdkV3Config: async () => config,
    naming: { getStackName: () => 'tidewire-prod' },
  }
  const plugin = new TidewirePage(
    { getProvider: () => provider },
    {},
    { log: { notice: (line) => lines.push(line) } },
  )

  beforeAll(async () => {
    const [port] = await freePorts(1)
    vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${port}`)
    moto = spawn('moto_server', ['-p', String(port)], { stdio: 'ignore' })
    const listens = () => fetch(`http://127.0.0.1:${port}/moto-api/`).then(({ ok }) => expect(ok).toBe(true))
    await vi.waitFor(listens, { timeout: 50_000, interval: 100 })
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    moto.kill()
    await once(moto, 'exit')
  })

  test('without a stack there is nothing to remove, and nowhere to upload to', async () => {
    await plugin.hooks['before:remove:remove']?.()

    await expect(plugin.hooks['after:deploy:deploy']?.()).rejects.toThrow(
      'the stack has no web page: deploy it first',
    )
  })

  test('a deployed page is in the bucket, and the edges forget the one before', async () => {
    const { Distribution } = await new CloudFrontClient(config).send(
      new CreateDistributionCommand({
        DistributionConfig: {
          CallerReference: 'test',
          Comment: '',
          Enabled: true,
          Origins: {
            Quantity: 1,
            Items: [
              {
                Id: 'bucket',
                DomainName: 'b.s3.amazonaws.com',
                S3OriginConfig: { OriginAccessIdentity: '' },
              },
            ],
          },
          DefaultCacheBehavior: { TargetOriginId: 'bucket', ViewerProtocolPolicy: 'redirect-to-https' },
        },
      }),
    )
    await createStack(Distribution?.Id ?? '')

    await plugin.hooks['after:deploy:deploy']?.()

    const found = await s3().send(new ListObjectsV2Command({ Bucket: 'web-page' }))
    const paths = found.Contents?.map(({ Key }) => Key) ?? []
    expect(paths).toEqual(expect.arrayContaining(['index.html', 'config.json', 'icon.svg', 'releases.json']))
    const asset = paths.find((path) => path?.startsWith('assets/index-') && path.endsWith('.js'))
    const head = await s3().send(new HeadObjectCommand({ Bucket: 'web-page', Key: asset }))
    expect(head).toMatchObject({
      ContentType: 'text/javascript; charset=utf-8',
      CacheControl: 'public, max-age=31536000, immutable',
    })
    const page = await s3().send(new GetObjectCommand({ Bucket: 'web-page', Key: 'config.json' }))
    expect(JSON.parse((await page.Body?.transformToString()) ?? '')).toMatchObject({
      httpUrl: 'https://api.example.com',
    })
    const { InvalidationList } = await new CloudFrontClient(config).send(
      new ListInvalidationsCommand({ DistributionId: Distribution?.Id ?? '' }),
    )
    expect(InvalidationList?.Quantity).toBe(1)
    expect(lines.at(-1)).toMatch(
      /^Web page: https:\/\/page\.example\.com \(\d+ files uploaded, 0 of old releases removed\)$/,
    )
  })

  test('a removal empties the bucket', async () => {
    await plugin.hooks['before:remove:remove']?.()

    const found = await s3().send(new ListObjectsV2Command({ Bucket: 'web-page' }))
    expect(found.KeyCount).toBe(0)
    expect(lines.at(-1)).toMatch(/^\d+ files of the web page were removed$/)
  })
})

async function createStack(distribution: string): Promise<void> {
  const outputs = {
    WebBucket: { Ref: 'WebBucket' },
    WebDistributionId: distribution,
    WebUrl: 'https://page.example.com',
    HttpApiUrl: 'https://api.example.com',
    ServiceEndpointWebsocket: 'wss://sockets.example.com/prod',
    UserPoolId: 'eu-central-1_Pool',
    UserPoolClientId: 'client',
  }
  const template = {
    Resources: { WebBucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'web-page' } } },
    Outputs: Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, { Value: value }])),
  }
  await new CloudFormationClient(config).send(
    new CreateStackCommand({ StackName: 'tidewire-prod', TemplateBody: JSON.stringify(template) }),
  )
}
