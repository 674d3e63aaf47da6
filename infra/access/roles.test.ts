import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { SHARD_LIMIT } from '#shared/core/limits.ts'
import type { Value } from '../cloudformation.ts'
import type { Deployment } from '../deployment.ts'
import { connectsToKafka } from '../functions.ts'
import { kafkaFunctions } from '../kafka.ts'
import { CLUSTER_ARN, exampleDeployment, SECRET_ARN, SHAPES } from '../testing/example-deployment.ts'
import { triggeredFunctions } from '../triggers.ts'
import { FUNCTION_ACCESS, type FunctionKey } from './function-access.ts'
import type { Grant } from './grants.ts'
import { roleId } from './role-id.ts'
import { roles } from './roles.ts'
import { WILDCARDS } from './wildcards.ts'

/** The names as long as they may be: AWS takes the longest of all regions and partitions. */
const STAGE = 's'.repeat(20)
const REGION = 'ap-southeast-1'
const ACCOUNT = '123456789012'
const UUID = '01234567-89ab-cdef-0123-456789abcdef-12'
const CLUSTER = `arn:aws-us-gov:kafka:${REGION}:${ACCOUNT}:cluster/${'c'.repeat(64)}/${UUID}`
const GIVEN_CLUSTER = CLUSTER.replace('aws-us-gov', 'aws')
const SECRET = `arn:aws-us-gov:secretsmanager:${REGION}:${ACCOUNT}:secret:AmazonMSK_${'s'.repeat(64)}-AbCdEf`
const TOPICS = [
  'events',
  'container-events',
  'port-events',
  'blog-events',
  'market-ticks',
  'market-events',
  'sensor-readings',
  'sensor-alerts',
  'tidewire-audit',
]
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, of all inline policies of a role. */
const MOST_CHARACTERS = 10_240

/** The parameters of every kind of Kafka, with names as long as they may be. */
const KAFKAS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...JSON.parse(JSON.stringify(SHAPES).replaceAll(CLUSTER_ARN, GIVEN_CLUSTER).replaceAll(SECRET_ARN, SECRET)),
  'serverless with a bucket of failures': { kafka: 'serverless', onFailure: 'arn:aws:s3:::failures' },
}
const KINDS = Object.keys(KAFKAS)

function deploymentOf(kind: string): Promise<Deployment> {
  return exampleDeployment({ ...KAFKAS[kind], shards: SHARD_LIMIT }, { stage: STAGE, topics: TOPICS })
}

type Statement = {
  readonly Effect: string
  readonly Action: readonly string[]
  readonly Resource: readonly string[]
  readonly Condition?: object
}

/** The policy of each role, with what CloudFormation makes of its references. */
async function policiesOf(kind: string): Promise<ReadonlyMap<string, readonly Statement[]>> {
  const { Resources = {} } = roles(await deploymentOf(kind))
  return new Map(
    Object.entries(Resources).map(([id, { Properties }]) => {
      const { Policies } = resolve(Properties ?? {}) as unknown as {
        Policies: { PolicyDocument: { Statement: Statement[] } }[]
      }
      const statements = Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
      const listed = statements.map((one) => ({
        ...one,
        Action: [one.Action].flat(),
        Resource: [one.Resource].flat(),
      }))
      return [id, listed]
    }),
  )
}

function resolve(value: Value): Value {
  if (Array.isArray(value)) return value.map((one: Value) => resolve(one))
  if (typeof value !== 'object' || value === null) return value
  const [[name, argument] = []] = Object.entries(value) as [string, Value][]
  switch (name) {
    case 'Ref':
      if (argument === 'RecordSecret' || argument === 'WebhookSecrets')
        return SECRET.replace('AmazonMSK', argument)
      return argument === 'KafkaCluster' ? CLUSTER : SECRET
    case 'Fn::GetAtt': {
      const [id] = argument as string[]
      return id === 'UserPool'
        ? `arn:aws-us-gov:cognito-idp:${REGION}:${ACCOUNT}:userpool/${REGION}_AbCdEfGhI`
        : `arn:aws-us-gov:dynamodb:${REGION}:${ACCOUNT}:table/tidewire-${STAGE}-${id}-ABCDEFGHIJKL`
    }
    case 'Fn::Sub':
      return String(argument)
        .replace(/\$\{AWS::Partition\}/, 'aws-us-gov')
        .replace(/\$\{AWS::Region\}/, REGION)
        .replace(/\$\{AWS::AccountId\}/, ACCOUNT)
        .replace(/\$\{WebsocketsApi\}/, 'abcdefghij')
    case 'Fn::Join': {
      const [by, parts] = argument as [string, Value]
      return (resolve(parts) as string[]).join(by)
    }
    case 'Fn::Split': {
      const [by, text] = argument as [string, Value]
      return String(resolve(text)).split(by)
    }
    default:
      return Object.fromEntries(
        Object.entries(value as Readonly<Record<string, Value>>).map(([key, one]) => [key, resolve(one)]),
      )
  }
}

describe('the roles', () => {
  it('are one for each function of serverless.yml, which names it', async () => {
    const text = await readFile('serverless.yml', 'utf8')
    const functions = [
      ...text.matchAll(
        /^ {2}(?:- | {2})([\w-]+):\n(?: {6}#.*\n)* {6}handler: functions\/([\w-]+)\.handler\n(?: {6}#.*\n)*(?: {6}role: (\w+)\n)?/gm,
      ),
    ]
    const deployment = await deploymentOf('serverless with an archive')
    const computed = Object.entries({ ...triggeredFunctions(deployment), ...kafkaFunctions(deployment) })

    const named = new Map([
      ...functions.map(([, key = '', , role]) => [key, role] as const),
      ...computed.map(([key, definition]) => [key.replace(/\d+$/, ''), roleOf(definition)] as const),
    ])

    const keys = Object.keys(FUNCTION_ACCESS) as FunctionKey[]
    expect(new Map([...named].sort())).toEqual(new Map(keys.sort().map((key) => [key, roleId(key)])))
  })

  it('are assumed by Lambda alone', async () => {
    const { Resources = {} } = roles(await deploymentOf('serverless'))

    for (const { Properties } of Object.values(Resources))
      expect(Properties?.AssumeRolePolicyDocument).toEqual({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      })
  })

  it.each(KINDS)(
    'with %s have no more characters than a role may have, with most shards and the longest names',
    async (kind) => {
      for (const [id, statements] of await policiesOf(kind)) {
        const policy = JSON.stringify({ Version: '2012-10-17', Statement: statements })
        expect(policy.length, id).toBeLessThanOrEqual(MOST_CHARACTERS)
      }
    },
  )

  it.each(KINDS)('with %s have no wildcard but those that are listed with a reason', async (kind) => {
    const used = [...(await policiesOf(kind))].flatMap(([id, statements]) =>
      statements
        .filter(({ Effect }) => Effect === 'Allow')
        .flatMap(({ Action, Resource }) =>
          Action.flatMap((action) => Resource.map((resource) => ({ id, action, resource }))),
        )
        .filter(({ action, resource }) => `${action}${resource}`.includes('*')),
    )

    expect(used.filter(({ action, resource }) => !isListed(action, resource))).toEqual([])
  })

  it('need every wildcard that is listed', async () => {
    const all = await Promise.all(KINDS.map(policiesOf))
    const allowed = all.flatMap((policies) => [...policies.values()].flat())

    for (const { actions, resource } of WILDCARDS)
      for (const action of actions)
        expect(
          allowed.some(
            ({ Action, Resource }) =>
              Action.includes(action) && Resource.some((one) => endsWith(one, resource)),
          ),
          `${action} ${resource}`,
        ).toBe(true)
  })

  it.each(KINDS)('with %s let the code of a function use no network interface', async (kind) => {
    for (const [id, statements] of await policiesOf(kind)) {
      const onInterfaces = statements.filter(({ Action }) =>
        Action.some((action) => action.startsWith('ec2:')),
      )
      expect(
        onInterfaces.map(({ Effect }) => Effect),
        id,
      ).toEqual(onInterfaces.length === 0 ? [] : ['Allow', 'Deny'])
      expect(onInterfaces[1]?.Action).toEqual(onInterfaces[0]?.Action)
    }
  })
})

describe('access to Kafka', () => {
  it('is that of the functions that connect to Kafka', () => {
    const granted = Object.entries<readonly Grant[]>(FUNCTION_ACCESS).filter(([, grants]) =>
      grants.some((grant) => grant.on === 'kafka' && grant.may !== 'be triggered'),
    )

    expect(granted.map(([key]) => key).sort()).toEqual(
      Object.keys(FUNCTION_ACCESS).filter(connectsToKafka).sort(),
    )
  })

  it('with IAM is by topic: a writer writes, a triggered function reads with its own groups', async () => {
    const policies = await policiesOf('existing')
    const ofAudit = policies
      .get('AuditRole')
      ?.flatMap(({ Action, Resource }) => (Action.includes('kafka-cluster:WriteData') ? Resource : []))
    const groups = policies
      .get('FoldRole')
      ?.flatMap(({ Action, Resource }) => (Action.includes('kafka-cluster:AlterGroup') ? Resource : []))
    const base = GIVEN_CLUSTER

    expect(ofAudit).toEqual([`${base.replace(':cluster/', ':topic/')}/${STAGE}.tidewire-audit`])
    expect(groups).toEqual([`${base.replace(':cluster/', ':group/')}/tidewire-${STAGE}-fold-*`])
  })

  it.each(['existing', 'serverless'])(
    'with IAM, %s, of a rebuild is to the topics of the stage, and to no group but those of its fold',
    async (kind) => {
      const { topicPrefix } = await deploymentOf(kind)
      const statements = (await policiesOf(kind)).get('ReplayRecordsRole') ?? []
      const allowedTo = (action: string) =>
        statements.flatMap(({ Action, Resource }) => (Action.includes(action) ? Resource : []))
      const named = (type: string, name: string) =>
        `${(kind === 'existing' ? GIVEN_CLUSTER : CLUSTER).replace(':cluster/', `:${type}/`)}/${name}`

      expect(allowedTo('kafka-cluster:ReadData').sort()).toEqual(
        TOPICS.map((name) => named('topic', `${topicPrefix}${name}`)).sort(),
      )
      expect(allowedTo('kafka-cluster:AlterGroup')).toEqual([])
      expect(allowedTo('kafka-cluster:DescribeGroup')).toEqual([named('group', `tidewire-${STAGE}-fold-*`)])
    },
  )

  it('of a cluster that the stage creates is derived from its reference', async () => {
    const policies = await policiesOf('serverless')
    const topics = policies
      .get('AuditRole')
      ?.flatMap(({ Action, Resource }) => (Action.includes('kafka-cluster:WriteData') ? Resource : []))

    expect(topics).toEqual([`${CLUSTER.replace(':cluster/', ':topic/')}/tidewire-audit`])
  })

  it.each(['existing with scram', 'provisioned with scram', 'external'])(
    'of %s is by its secret',
    async (kind) => {
      const policies = await policiesOf(kind)
      const readers = [...policies]
        .filter(([, statements]) =>
          statements.some(
            ({ Action, Resource }) =>
              Action.includes('secretsmanager:GetSecretValue') && Resource.includes(SECRET),
          ),
        )
        .map(([id]) => id)
      const actions = [...policies.values()].flat().flatMap(({ Action }) => Action)

      const connected = Object.entries<readonly Grant[]>(FUNCTION_ACCESS)
        .filter(([key, grants]) => policies.has(roleId(key)) && grants.some(({ on }) => on === 'kafka'))
        .map(([key]) => roleId(key))
      expect(readers.sort()).toEqual(connected.sort())
      expect(actions.filter((action) => action.startsWith('kafka-cluster:'))).toEqual([])
    },
  )
})

describe('a secret of the stage', () => {
  it.each([
    ['RecordSecret', 9],
    ['WebhookSecrets', 1],
  ])('%s is read by %i functions, and each may read nothing else', async (id, count) => {
    const policies = await policiesOf('serverless')
    const secret = SECRET.replace('AmazonMSK', id)
    const readers = [...policies].filter(([, statements]) =>
      statements.some(
        ({ Action, Resource }) =>
          Action.some((one) => one.startsWith('secretsmanager:')) && Resource.includes(secret),
      ),
    )

    expect(readers).toHaveLength(count)
  })
})
const roleOf = (definition: unknown) => (definition as { readonly role?: string }).role

function isListed(action: string, resource: string): boolean {
  return WILDCARDS.some(({ actions, resource: end }) => actions.includes(action) && endsWith(resource, end))
}

function endsWith(resource: string, end: string): boolean {
  return end === '*' ? resource === '*' : resource.endsWith(end)
}
