import { SHARD_LIMIT } from '#shared/core/limits.ts'

/** Parameters of `serverless package`, and what they are called in the titles of tests. */
export type Combination = {
  readonly name: string
  readonly stage: string
  readonly params: Readonly<Record<string, string>>
}

const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:AmazonMSK_tidewire-a1B2c3'
const ARN = 'arn:aws:kafka:eu-central-1:123456789012:cluster/shared/3b0f1d4a-8f5e-4f0a-9d41-6d1f8a2c7e10-4'
const BROKERS = 'one.example.com:9092,two.example.com:9092'
const GIVEN = {
  vpc: 'vpc-0a1b2c3d',
  subnets: 'subnet-0a1b2c3d,subnet-1b2c3d4e',
  securityGroups: 'sg-0a1b2c3d',
}

const msk = (kafka: string, auth: string) => ({ kafka, kafkaAuth: auth })
const existing = (auth: string) => ({
  ...msk('existing', auth),
  kafkaArn: ARN,
  securityGroups: 'sg-0a1b2c3d',
  ...(auth === 'scram' && { kafkaSecret: SECRET }),
})
const external = (auth: string) => ({
  kafka: 'external',
  kafkaAuth: auth,
  kafkaBrokers: BROKERS,
  kafkaSecret: SECRET,
})

/** Each Kafka with the networks that it can be in. */
const KAFKAS: readonly { name: string; params: Record<string, string>; networks: readonly string[] }[] = [
  { name: 'MSK Serverless', params: { kafka: 'serverless' }, networks: ['created', 'given'] },
  { name: 'a new MSK with IAM', params: msk('provisioned', 'iam'), networks: ['created', 'given'] },
  { name: 'a new MSK with SCRAM', params: msk('provisioned', 'scram'), networks: ['created', 'given'] },
  { name: 'an MSK with IAM', params: existing('iam'), networks: ['given'] },
  { name: 'an MSK with SCRAM', params: existing('scram'), networks: ['given'] },
  {
    name: 'a Kafka with SCRAM-SHA-512',
    params: external('scram-sha-512'),
    networks: ['none', 'given'],
  },
  {
    name: 'a Kafka with SCRAM-SHA-256',
    params: external('scram-sha-256'),
    networks: ['none', 'given'],
  },
  { name: 'a Kafka with PLAIN', params: external('plain'), networks: ['none', 'given'] },
]
const POLLERS = ['provisioned', 'on-demand']
const SHARDS = [1, SHARD_LIMIT]

/** Every combination of Kafka, network, pollers and shards that there is. */
export const COMBINATIONS: readonly Combination[] = KAFKAS.flatMap(({ name, params, networks }) =>
  networks.flatMap((network) =>
    POLLERS.flatMap((pollers) =>
      SHARDS.map((shards) => ({
        name: `${name}, network ${network}, ${pollers} pollers, ${shards} ${shards === 1 ? 'shard' : 'shards'}`,
        stage: 'prod',
        params: {
          ...params,
          ...(network === 'given' && GIVEN),
          ...(shards !== 1 && { shards: String(shards) }),
          pollers,
        },
      })),
    ),
  ),
)

const mail = { alarmEmail: 'alarms@example.com', adminEmail: 'admin@example.com' }

/** The combinations that every change is checked with: each kind of Kafka once, with each other choice somewhere. */
export const MAIN_COMBINATIONS: readonly Combination[] = [
  {
    name: 'MSK Serverless and everything of prod',
    stage: 'prod',
    params: { kafka: 'serverless', archive: 'true', archiveDays: '365', ...mail },
  },
  {
    name: 'a preview stage that leaves nothing behind',
    stage: 'pr-7',
    params: { kafka: 'serverless', pollers: 'on-demand' },
  },
  {
    name: 'a new MSK with SCRAM and the most shards',
    stage: 'prod',
    params: { ...msk('provisioned', 'scram'), shards: String(SHARD_LIMIT), ...mail },
  },
  {
    name: 'an MSK in its network with IAM',
    stage: 'staging',
    params: { ...existing('iam'), ...GIVEN, pollers: 'on-demand' },
  },
  { name: 'a Kafka without a VPC', stage: 'prod', params: external('plain') },
]
