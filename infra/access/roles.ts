import type { Resource, Template, Value } from '../cloudformation.ts'
import type { Deployment } from '../deployment.ts'
import { connectsToKafka } from '../functions.ts'
import { kafkaFunctions } from '../kafka.ts'
import { FUNCTION_ACCESS, type FunctionKey } from './function-access.ts'
import type { Grant } from './grants.ts'
import { clusterArn } from './kafka-access.ts'
import { roleId } from './role-id.ts'
import { allow, type Statement } from './statement.ts'
import { arn, statementsOf } from './statements.ts'

/** A role for each function: what Lambda needs to run it, and what is granted in function-access.ts. */
export function roles(deployment: Deployment): Template {
  const keys = roleKeys(deployment)
  return { Resources: Object.fromEntries(keys.map((key) => [roleId(key), roleOf(key, deployment)])) }
}

/** Those of the functions behind custom resources, and that of the archive, are not in every stage. */
function roleKeys(deployment: Deployment): FunctionKey[] {
  const present = Object.keys(kafkaFunctions(deployment))
  const keys = Object.keys(FUNCTION_ACCESS) as FunctionKey[]
  const isPresent = (key: FunctionKey) =>
    key === 'archive' ? deployment.archive !== null : !key.startsWith('kafka-') || present.includes(key)
  return keys.filter(isPresent)
}

function roleOf(key: FunctionKey, deployment: Deployment): Resource {
  const statements = [
    ...statementsOf(FUNCTION_ACCESS[key], deployment),
    ...runtimeStatements(key, deployment),
  ]
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      },
      Policies: [
        { PolicyName: key, PolicyDocument: { Version: '2012-10-17', Statement: statements.map(toValue) } },
      ],
    },
  }
}

/** The functions of a role: `deliver` has one for each shard. */
function functionsOf(key: FunctionKey, { shards }: Deployment): readonly string[] {
  if (key !== 'deliver') return [key]
  return Array.from({ length: shards }, (_, shard) => (shard === 0 ? key : `${key}${shard}`))
}

/** What Lambda itself does with the role of a function. */
function runtimeStatements(key: FunctionKey, deployment: Deployment): Statement[] {
  const { prefix, network } = deployment
  const names = functionsOf(key, deployment)
  const grants: readonly Grant[] = FUNCTION_ACCESS[key]
  const isTriggered = grants.some((grant) => grant.on === 'kafka' && grant.may === 'be triggered')
  const isInside = network !== null && connectsToKafka(key)
  const hasPollers = isTriggered && (clusterArn(deployment) !== null || network !== null)
  return [
    // The template makes the log group.
    allow(
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      names.map((name) => arn('logs', `log-group:/aws/lambda/${prefix}-${name}:*`)),
    ),
    allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']),
    ...(isInside || hasPollers ? networkStatements(names, { isInside, hasPollers }, deployment) : []),
  ]
}

const INTERFACES = [
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
]

/**
 * Network interfaces: those of a function in a VPC, and those of the pollers of an MSK cluster. Lambda makes them with the
 * role, and a second statement denies them to the code of the function.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice-security
 */
function networkStatements(
  names: readonly string[],
  { isInside, hasPollers }: { readonly isInside: boolean; readonly hasPollers: boolean },
  { prefix }: Deployment,
): Statement[] {
  const actions = [
    ...INTERFACES,
    ...(hasPollers ? ['ec2:DescribeVpcs', 'ec2:DescribeSecurityGroups'] : []),
    ...(isInside ? ['ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses'] : []),
  ]
  const functions = names.map((name) => arn('lambda', `function:${prefix}-${name}`))
  return [
    allow(actions, ['*']),
    {
      Effect: 'Deny',
      Action: actions,
      Resource: ['*'],
      Condition: { ArnEquals: { 'lambda:SourceFunctionArn': functions } },
    },
  ]
}

/** One action or resource is written without a list, so that a policy is shorter. */
function toValue({ Effect, Action, Resource: resources, Condition }: Statement): Value {
  const short = (values: readonly Value[]): Value => (values.length === 1 && values[0] ? values[0] : values)
  return {
    Effect,
    Action: short(Action),
    Resource: short(resources),
    ...(Condition && { Condition }),
  }
}
