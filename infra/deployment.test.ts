import { describe, expect, test } from 'vitest'
import { PARAMETERS } from './deployment.ts'
import { CLUSTER_ARN, exampleDeployment, SECRET_ARN, SHAPES } from './testing/example-deployment.ts'

describe('a deployment', () => {
  test.each(Object.entries(SHAPES))('is read from at most five parameters: %s', async (_, parameters) => {
    await expect(exampleDeployment(parameters)).resolves.toMatchObject({ prefix: 'tidewire-prod' })
    expect(Object.keys(parameters).length).toBeLessThanOrEqual(5)
    expect(PARAMETERS).toEqual(expect.arrayContaining(Object.keys(parameters)))
  })

  test('of MSK Serverless has a VPC in two zones and is protected in the stage prod', async () => {
    const deployment = await exampleDeployment()

    expect(deployment).toMatchObject({
      kafka: { kind: 'serverless' },
      network: { kind: 'created', zones: [null, null] },
      topicPrefix: '',
      mappings: { batchSize: 500, windowSeconds: 0, pollers: { minimum: 1, maximum: 10 } },
      isProtected: true,
      shards: 1,
    })
  })

  test('of another stage is not protected, unless it is asked for', async () => {
    const [usual, asked] = await Promise.all([
      exampleDeployment({ kafka: 'serverless' }, { stage: 'dev' }),
      exampleDeployment({ kafka: 'serverless', protect: 'true' }, { stage: 'dev' }),
    ])

    expect([usual.isProtected, asked.isProtected]).toEqual([false, true])
  })

  test('in a cluster that others use has topics that begin with its stage', async () => {
    const [existing, named] = await Promise.all([
      exampleDeployment(SHAPES.existing),
      exampleDeployment({ ...SHAPES.existing, topicPrefix: 'team.' }),
    ])

    expect([existing.topicPrefix, named.topicPrefix]).toEqual(['prod.', 'team.'])
  })

  test('is existing with an ARN and external with brokers, and a secret means scram', async () => {
    const [iam, scram, external] = await Promise.all([
      exampleDeployment(SHAPES.existing),
      exampleDeployment(SHAPES['existing with scram']),
      exampleDeployment(SHAPES.external),
    ])

    expect(iam.kafka).toMatchObject({ kind: 'existing', auth: 'iam', secretArn: null, brokers: null })
    expect(scram.kafka).toMatchObject({ kind: 'existing', auth: 'scram', secretArn: SECRET_ARN })
    expect(external.kafka).toMatchObject({ kind: 'external', auth: 'scram-sha-512' })
    expect(external.network).toBeNull()
  })

  test('of the local stack needs no parameters', async () => {
    await expect(exampleDeployment({}, { stage: 'local' })).resolves.toMatchObject({
      kafka: { kind: 'local' },
      network: null,
      isLocal: true,
      isProtected: false,
    })
  })
})

const EXISTING = { kafka: 'existing', kafkaArn: CLUSTER_ARN, subnets: 'subnet-1', securityGroups: 'sg-1' }
const EXTERNAL = { kafka: 'external', kafkaBrokers: 'a.example.com:9092', kafkaSecret: SECRET_ARN }

describe('parameters that are missing or wrong get a line that says what to do', () => {
  test.each([
    [{}, 'The stage prod needs a Kafka: --param="kafka=serverless|provisioned|existing|external"'],
    [{ kafka: 'msk' }, 'it is "msk"'],
    [{ kafka: 'serverless', kafkaAuth: 'scram' }, 'kafka=serverless takes kafkaAuth=iam only'],
    [
      { kafka: 'provisioned', kafkaAuth: 'plain' },
      'kafkaAuth of an MSK cluster is iam or scram, not "plain"',
    ],
    [{ kafka: 'provisioned', kafkaSecret: SECRET_ARN }, 'use kafkaAuth=scram without kafkaSecret'],
    [{ kafka: 'provisioned', brokerType: 'large' }, 'brokerType: must be a type of brokers'],
    [{ kafka: 'provisioned', brokerStorage: '0' }, 'brokerStorage: must be a whole number of gibibytes'],
    [{ kafka: 'existing' }, 'kafka=existing needs the ARN of the cluster'],
    [{ ...EXISTING, kafkaArn: 'shared' }, 'kafka=existing needs the ARN of the cluster'],
    [{ ...EXISTING, kafkaAuth: 'scram' }, 'kafkaAuth=scram needs the secret of the user'],
    [{ ...EXISTING, kafkaAuth: 'iam', kafkaSecret: SECRET_ARN }, 'kafkaAuth=iam has no secret'],
    [{ ...EXISTING, kafkaBrokers: 'b-1' }, 'kafkaBrokers: "b-1" is not host:port'],
    [{ ...EXISTING, subnets: '', securityGroups: '' }, 'kafka=existing needs the network of the cluster'],
    [{ ...EXISTING, subnets: '' }, 'securityGroups needs --param="subnets='],
    [{ ...EXISTING, securityGroups: '' }, 'kafka=existing needs --param="securityGroups=sg-…"'],
    [{ kafka: 'external' }, 'kafka=external needs --param="kafkaBrokers=host:9092,…"'],
    [{ ...EXTERNAL, kafkaSecret: '' }, 'and, for user name and password, --param="kafkaSecret='],
    [{ ...EXTERNAL, kafkaSecret: 'hunter2' }, 'kafkaSecret must be the ARN of a secret'],
    [{ ...EXTERNAL, kafkaBrokers: ',' }, 'kafkaBrokers: "," is not host:port'],
    [
      { ...EXTERNAL, kafkaAuth: 'iam' },
      'kafkaAuth of kafka=external is scram-sha-512, scram-sha-256 or plain',
    ],
    [{ ...EXTERNAL, subnets: 'subnet-1' }, 'subnets needs --param="vpc=vpc-…"'],
    [{ kafka: 'serverless', vpc: 'vpc-1' }, 'vpc needs --param="subnets='],
    [{ kafka: 'serverless', vpc: 'vpc-1', subnets: 'subnet-1' }, 'needs two or three subnets'],
    [{ kafka: 'serverless', subnets: 'subnet-1,subnet-2' }, 'subnets needs --param="vpc=vpc-…"'],
    [{ kafka: 'serverless', zones: 'eu-central-1a' }, 'needs two or three zones of the region'],
    [{ kafka: 'serverless', zones: 'a,a' }, 'needs two or three zones of the region'],
    [
      { kafka: 'provisioned', brokerType: 'express.m7g.large', zones: 'a,b' },
      'needs three zones of the region',
    ],
    [
      { kafka: 'serverless', vpc: 'vpc-1', subnets: 'subnet-1', zones: 'a' },
      'zones is for a VPC that the stage',
    ],
    [{ kafka: 'serverless', pollers: 'fast' }, 'pollers: must be auto, provisioned or on-demand, not "fast"'],
    [{ kafka: 'serverless', protect: 'yes' }, 'protect: must be auto, true or false'],
    [{ kafka: 'serverless', mfa: 'on' }, 'mfa: must be off, optional or required'],
    [{ kafka: 'serverless', gatewayRate: '0' }, 'gatewayRate: must be a whole number of requests per second'],
    [{ kafka: 'serverless', concurrency: 'deliver=5' }, 'concurrency: "deliver=5" is not auto, off or'],
    [{ kafka: 'serverless', adminEmail: 'ann' }, 'adminEmail: must be an e-mail address'],
    [{ kafka: 'serverless', alarmEmail: 'a@b@c' }, 'alarmEmail: must be an e-mail address'],
    [{ kafka: 'serverless', shards: '64' }, 'shards: must be a whole number from 1 to'],
    [{ kafka: 'serverless', allowedOrigins: '*' }, 'ALLOWED_ORIGINS: * is not an origin'],
    [{ kafka: 'serverless', retention: 'soon' }, 'RETENTION: '],
  ])('%j', async (parameters, line) => {
    await expect(exampleDeployment(parameters)).rejects.toThrow(line)
  })

  test.each(['Prod', 'my_stage', '1', 'prod-', 'a'.repeat(21), ''])('the stage %j', async (stage) => {
    const reading = exampleDeployment({ kafka: 'serverless' }, { stage })

    await expect(reading).rejects.toThrow(`The stage "${stage}" must be a lower-case letter`)
  })

  test('each has a line of its own', async () => {
    const reading = exampleDeployment({ kafka: 'serverless', pollers: 'fast', shards: '0' })

    await expect(reading).rejects.toThrow(/^pollers: .*\nshards: .*$/)
  })
})
