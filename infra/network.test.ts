import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { Template } from './cloudformation.ts'
import { KAFKA_FUNCTIONS, vpcOfKafkaFunctions } from './functions.ts'
import { network } from './network.ts'
import { exampleDeployment, SHAPES } from './testing/example-deployment.ts'

const typesOf = ({ Resources = {} }: Template) =>
  Object.values(Resources)
    .map(({ Type }) => Type)
    .sort()
const idsOf = ({ Resources = {} }: Template) => Object.keys(Resources)

describe('the network of a stage', () => {
  test.each(Object.entries(SHAPES))('has no way out: %s', async (_, parameters) => {
    const types = typesOf(network(await exampleDeployment(parameters)))

    const ways = ['AWS::EC2::NatGateway', 'AWS::EC2::InternetGateway', 'AWS::EC2::Route', 'AWS::EC2::EIP']
    expect(types.filter((type) => ways.includes(type))).toEqual([])
  })

  test.each(Object.entries(SHAPES))('refers only to what it has: %s', async (_, parameters) => {
    const template = network(await exampleDeployment(parameters))
    const text = JSON.stringify(template.Resources ?? {})
    const names = [...text.matchAll(/"(?:Ref|Fn::GetAtt)":\[?"([A-Za-z0-9]+)"/g)].map(([, name]) => name)

    expect(names.filter((name) => !idsOf(template).includes(name ?? ''))).toEqual([])
  })

  test('that is created has a subnet in each zone, and endpoints of the services that functions call', async () => {
    const created = network(await exampleDeployment({ kafka: 'provisioned' }))

    expect(typesOf(created).filter((type) => type === 'AWS::EC2::Subnet')).toHaveLength(3)
    expect(idsOf(created).filter((id) => id.endsWith('Endpoint'))).toEqual([
      'DynamoEndpoint',
      'S3Endpoint',
      'SecretsEndpoint',
    ])
  })

  test('has zones that are named', async () => {
    const zones = 'us-east-1b,us-east-1c'
    const { Resources = {} } = network(await exampleDeployment({ kafka: 'serverless', zones }))

    expect(Resources.PrivateSubnetA?.Properties?.AvailabilityZone).toBe('us-east-1b')
    expect(Resources.PrivateSubnetB?.Properties?.AvailabilityZone).toBe('us-east-1c')
    expect(Resources.PrivateSubnetC).toBeUndefined()
  })

  test('has endpoints of Lambda and STS for pollers on demand only', async () => {
    const [usual, onDemand] = await Promise.all([
      exampleDeployment(),
      exampleDeployment({ kafka: 'serverless', pollers: 'on-demand' }),
    ])

    expect(idsOf(network(usual))).not.toContain('LambdaEndpoint')
    expect(idsOf(network(onDemand))).toEqual(expect.arrayContaining(['LambdaEndpoint', 'StsEndpoint']))
  })

  test('lets functions and pollers reach the brokers at the port of their authentication', async () => {
    const portsOf = async (parameters: Record<string, string>) => {
      const { Resources = {} } = network(await exampleDeployment(parameters))
      const rules = Object.entries(Resources).filter(
        ([, { Type }]) => Type === 'AWS::EC2::SecurityGroupIngress',
      )
      return rules.map(([id, { Properties }]) => [id, Properties?.FromPort])
    }

    expect(await portsOf({ kafka: 'serverless' })).toEqual([
      ['KafkaFromPollers9098', 9098],
      ['KafkaFromFunctions9098', 9098],
    ])
    expect(await portsOf({ kafka: 'provisioned', kafkaAuth: 'scram' })).toEqual([
      ['KafkaFromPollers9096', 9096],
      ['KafkaFromFunctions9096', 9096],
    ])
  })

  test('that is given gets what it lacks only', async () => {
    const idsFor = async (shape: string) => idsOf(network(await exampleDeployment(SHAPES[shape])))

    expect(await idsFor('existing')).toEqual([])
    expect(await idsFor('external')).toEqual([])
    expect(await idsFor('external in a given network')).toEqual(['FunctionSecurityGroup'])
    expect(await idsFor('provisioned in a given network')).toEqual([
      'KafkaSecurityGroup',
      'KafkaFromPollers9096',
      'PollersToKafka9096',
      'KafkaFromFunctions9096',
    ])
  })
})

describe('the functions that connect to Kafka', () => {
  test('are those of docs/architecture.md', async () => {
    const page = await readFile('docs/architecture.md', 'utf8')
    const [, inside = ''] = /^\| inside: .*\n\|---.*\n\| (.+?) \|/m.exec(page) ?? []

    expect(inside.match(/[\w-]+/g)?.sort()).toEqual([...KAFKA_FUNCTIONS].sort())
  })

  test('run in the subnets of the network', async () => {
    const [created, given, external] = await Promise.all([
      exampleDeployment(),
      exampleDeployment(SHAPES.existing),
      exampleDeployment(SHAPES.external),
    ])

    expect(vpcOfKafkaFunctions(created)).toEqual({
      securityGroupIds: [{ 'Fn::GetAtt': ['FunctionSecurityGroup', 'GroupId'] }],
      subnetIds: [{ Ref: 'PrivateSubnetA' }, { Ref: 'PrivateSubnetB' }],
    })
    expect(vpcOfKafkaFunctions(given)).toEqual({
      securityGroupIds: ['sg-1'],
      subnetIds: ['subnet-1', 'subnet-2'],
    })
    expect(vpcOfKafkaFunctions(external)).toBe(false)
  })
})
