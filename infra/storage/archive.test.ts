import { describe, expect, test } from 'vitest'
import { network } from '../network.ts'
import { CLUSTER_ARN, exampleDeployment, SHAPES } from '../testing/example-deployment.ts'
import { triggeredFunctions, triggers } from '../triggers.ts'
import { archive } from './archive.ts'

const CHEAPER = {
  Id: 'Cheaper',
  Status: 'Enabled',
  Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 30 }],
}
const deploymentOf = (values: Readonly<Record<string, unknown>>, stage = 'prod') =>
  exampleDeployment({ kafka: 'serverless', ...values }, { stage, topics: ['port-events'] })
const bucketOf = async (values: Readonly<Record<string, unknown>>, stage?: string) =>
  archive(await deploymentOf({ archive: true, ...values }, stage)).Resources?.ArchiveBucket

describe('the archive', () => {
  test('is in no stage that does not ask for it, and never in the local one', async () => {
    const without = await deploymentOf({})
    const local = await exampleDeployment({ archive: 'true' }, { stage: 'local' })

    for (const deployment of [without, local]) {
      expect(archive(deployment)).toEqual({})
      expect(triggeredFunctions(deployment)).not.toHaveProperty('archive')
      expect(Object.keys(triggers(deployment).Resources ?? {}).join()).not.toContain('Archive')
    }
  })

  test('is a private bucket without versions, which outlives every stage', async () => {
    const bucket = await bucketOf({}, 'pr-7')

    expect(bucket).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' })
    expect(bucket?.Properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    })
    expect(bucket?.Properties).not.toHaveProperty('VersioningConfiguration')
  })

  test('takes TLS alone', async () => {
    const policy = archive(await deploymentOf({ archive: true })).Resources?.ArchiveBucketPolicy

    expect(policy?.Properties?.PolicyDocument).toMatchObject({
      Statement: [
        { Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      ],
    })
  })

  test('moves files to a class that can still be read at once, and deletes them if it is told to', async () => {
    const rulesOf = async (archiveDays: unknown) =>
      (await bucketOf({ archiveDays }))?.Properties?.LifecycleConfiguration

    expect(await rulesOf('')).toEqual({
      Rules: [expect.objectContaining({ Id: 'UploadsThatWereLeft' }), CHEAPER],
    })
    expect(await rulesOf(120)).toMatchObject({
      Rules: [{}, CHEAPER, { Id: 'Expires', ExpirationInDays: 120 }],
    })
    expect(await rulesOf(119)).toMatchObject({ Rules: [{}, { Id: 'Expires', ExpirationInDays: 119 }] })
  })

  test.each([
    [{ archive: 'yes' }, 'archive: must be true or false'],
    [
      { archive: 'true', archiveDays: 'a year' },
      'archiveDays: must be a whole number of days from 1 to 36500',
    ],
    [{ archive: 'true', archiveDays: '0' }, 'archiveDays: must be a whole number of days from 1 to 36500'],
    [{ archiveDays: '30' }, 'archiveDays: needs an archive: --param=archive=true (docs/archive.md)'],
  ])('%j is told', async (values, message) => {
    await expect(deploymentOf(values)).rejects.toThrow(message)
  })
})

describe('the triggers of the archive', () => {
  const mappingOf = async (values: Readonly<Record<string, unknown>>) => {
    const { Resources = {} } = triggers(
      await exampleDeployment({ archive: 'true', ...values }, { topics: ['port-events'] }),
    )
    const [[id, mapping] = []] = Object.entries(Resources).filter(([name]) => name.startsWith('Archive'))
    expect(id).toMatch(/^Archive\w+Mapping$/)
    return mapping?.Properties
  }

  test('gather large batches in groups of their own, and give nothing up', async () => {
    const given = { batchRetries: 3, batchAge: 3600, batchBisect: 'true', batchSize: 50, minPollers: 4 }

    expect(await mappingOf({ ...SHAPES.existing, ...given, onFailure: 'kafka://given-up' })).toMatchObject({
      FunctionName: { 'Fn::GetAtt': ['ArchiveLambdaFunction', 'Arn'] },
      EventSourceArn: CLUSTER_ARN,
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'tidewire-prod-archive-port-events' },
      Topics: ['prod.port-events'],
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 300,
      ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 10, PollerGroupName: 'tidewire-prod-1' },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: -1,
      BisectBatchOnFunctionError: false,
      MetricsConfig: { Metrics: ['ErrorCount'] },
    })
  })

  test('have pollers on demand where these reach the brokers, and the ways out that they need', async () => {
    for (const pollers of ['on-demand', 'provisioned']) {
      const values = { kafka: 'serverless', archive: 'true', pollers }
      expect(await mappingOf(values)).not.toHaveProperty('ProvisionedPollerConfig')
      expect(Object.keys(network(await exampleDeployment(values)).Resources ?? {})).toEqual(
        expect.arrayContaining(['LambdaEndpoint', 'StsEndpoint']),
      )
    }
    const external = { ...SHAPES.external, pollers: 'provisioned' }
    expect(await mappingOf(external)).not.toHaveProperty('ProvisionedPollerConfig')
    const deployment = await exampleDeployment({ archive: 'true', ...external })
    const { archive: ours, fold } = triggeredFunctions(deployment)
    expect(ours.environment).toMatchObject({ BATCH_FAILURES: 'throw' })
    expect(fold.environment).toEqual({})
  })

  test('leave the pollers of the others in their groups', async () => {
    const idsOf = async (values: object) => {
      const { Resources = {} } = triggers(
        await exampleDeployment({ kafka: 'serverless', shards: 2, ...values }),
      )
      return Object.entries(Resources).filter(([id]) => !id.startsWith('Archive'))
    }

    expect(await idsOf({ archive: 'true' })).toEqual(await idsOf({}))
  })
})
