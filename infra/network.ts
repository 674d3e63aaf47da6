import type { Resource, Template, Value } from './cloudformation.ts'
import type { Deployment } from './deployment.ts'
import { brokerPorts } from './parameters/read-kafka.ts'
import type { NetworkChoice } from './parameters/read-network.ts'

type Network = Exclude<NetworkChoice, null>

/** Room for some thousand network interfaces; a stage that must not overlap with others is given a network. */
const VPC_CIDR = '10.42.0.0/20'
const SUBNET_CIDRS = ['10.42.0.0/22', '10.42.4.0/22', '10.42.8.0/22']
const ZONE_LETTERS = ['A', 'B', 'C']
const HTTPS = 443
const FLOW_LOG_DAYS = 30

/** The subnets of the functions that connect to Kafka, and of a cluster that the stage creates. */
export function privateSubnets(network: Network): readonly Value[] {
  return network.kind === 'given'
    ? network.subnetIds
    : network.zones.map((_, index) => ({ Ref: subnetId(index) }))
}

/** The security groups of the functions that connect to Kafka. */
export function functionSecurityGroups(network: Network): readonly Value[] {
  return network.kind === 'given' && network.securityGroupIds.length > 0
    ? network.securityGroupIds
    : [groupId('FunctionSecurityGroup')]
}

/** The security groups of a cluster that the stage creates. */
export const clusterSecurityGroups: readonly Value[] = [groupId('KafkaSecurityGroup')]

/**
 * What the stage creates of its network. There is no way out of it: AWS is reached through endpoints, DynamoDB and S3
 * without a price. S3 is where a custom resource in the VPC leaves its response to CloudFormation.
 */
export function network(deployment: Deployment): Template {
  if (deployment.network === null) return {}
  const groups = securityGroups(deployment, deployment.network)
  if (deployment.network.kind === 'given') return { Resources: groups }
  return {
    Resources: { ...vpcOf(deployment, deployment.network), ...groups, ...endpointsOf(deployment) },
    Outputs: {
      VpcId: { Description: 'The VPC of Kafka and its functions', Value: vpcId(deployment.network) },
    },
  }
}

function subnetId(index: number): string {
  return `PrivateSubnet${ZONE_LETTERS[index]}`
}

function groupId(name: string): Value {
  return { 'Fn::GetAtt': [name, 'GroupId'] }
}

function vpcId(network: Network): Value {
  return network.kind === 'given' ? (network.vpcId ?? '') : { Ref: 'Vpc' }
}

function nameTag(name: string): Value {
  return [{ Key: 'Name', Value: name }]
}

function vpcOf(
  { prefix }: Deployment,
  { zones }: Extract<Network, { kind: 'created' }>,
): Record<string, Resource> {
  const subnets = zones.flatMap((zone, index) => [
    [
      subnetId(index),
      {
        Type: 'AWS::EC2::Subnet',
        Properties: {
          VpcId: { Ref: 'Vpc' },
          AvailabilityZone: zone ?? { 'Fn::Select': [index, { 'Fn::GetAZs': '' }] },
          CidrBlock: SUBNET_CIDRS[index] ?? '',
          MapPublicIpOnLaunch: false,
          Tags: nameTag(`${prefix}-private-${ZONE_LETTERS[index]?.toLowerCase()}`),
        },
      },
    ] as const,
    [
      `${subnetId(index)}Routes`,
      {
        Type: 'AWS::EC2::SubnetRouteTableAssociation',
        Properties: { SubnetId: { Ref: subnetId(index) }, RouteTableId: { Ref: 'PrivateRoutes' } },
      },
    ] as const,
  ])
  return {
    Vpc: {
      Type: 'AWS::EC2::VPC',
      Properties: {
        CidrBlock: VPC_CIDR,
        // The names of brokers and endpoints resolve to private addresses only with both.
        EnableDnsSupport: true,
        EnableDnsHostnames: true,
        Tags: nameTag(prefix),
      },
    },
    PrivateRoutes: {
      Type: 'AWS::EC2::RouteTable',
      Properties: { VpcId: { Ref: 'Vpc' }, Tags: nameTag(`${prefix}-private`) },
    },
    ...Object.fromEntries(subnets),
    ...flowLogs(prefix),
  }
}

/** Connections that the network refused: with no way out, each of them is a mistake or an intruder. */
function flowLogs(prefix: string): Record<string, Resource> {
  return {
    FlowLog: {
      Type: 'AWS::EC2::FlowLog',
      Properties: {
        ResourceType: 'VPC',
        ResourceId: { Ref: 'Vpc' },
        TrafficType: 'REJECT',
        LogDestinationType: 'cloud-watch-logs',
        LogGroupName: { Ref: 'FlowLogGroup' },
        DeliverLogsPermissionArn: { 'Fn::GetAtt': ['FlowLogRole', 'Arn'] },
      },
    },
    FlowLogGroup: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: `/aws/vpc/${prefix}`, RetentionInDays: FLOW_LOG_DAYS },
    },
    FlowLogRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'vpc-flow-logs.amazonaws.com' },
              Action: 'sts:AssumeRole',
              Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
            },
          ],
        },
        Policies: [
          {
            PolicyName: 'flow-logs',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                {
                  Effect: 'Allow',
                  Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
                  Resource: { 'Fn::GetAtt': ['FlowLogGroup', 'Arn'] },
                },
              ],
            },
          },
        ],
      },
    },
  }
}

function securityGroups(deployment: Deployment, choice: Network): Record<string, Resource> {
  const { prefix, kafka } = deployment
  const ports = brokerPorts(kafka)
  const hasCluster = kafka.kind === 'serverless' || kafka.kind === 'provisioned'
  const hasEndpoints = choice.kind === 'created'
  const ownGroup = choice.kind === 'created' || choice.securityGroupIds.length === 0
  const groups: Record<string, Resource> = {}
  if (ownGroup)
    groups.FunctionSecurityGroup = {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        VpcId: vpcId(choice),
        GroupDescription: `The functions of ${prefix} that connect to Kafka`,
        SecurityGroupEgress: [
          // The addresses of gateway endpoints are lists that a template cannot name; there is no other way out.
          egress(HTTPS, '0.0.0.0/0', 'AWS'),
          ...(hasCluster ? [] : ports.map((port) => egress(port, '0.0.0.0/0', 'Kafka'))),
        ],
        Tags: nameTag(`${prefix}-functions`),
      },
    }
  if (hasCluster) Object.assign(groups, clusterGroups(choice, { prefix, ports, ownGroup }))
  if (hasEndpoints)
    groups.EndpointSecurityGroup = {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        VpcId: vpcId(choice),
        GroupDescription: `The endpoints of ${prefix}`,
        SecurityGroupIngress: [
          { ...tcp(HTTPS), CidrIp: VPC_CIDR, Description: 'Functions, and the pollers of triggers' },
        ],
        // Endpoints open no connections. Without a rule CloudFormation would allow all of them.
        SecurityGroupEgress: [{ ...tcp(HTTPS), CidrIp: '127.0.0.1/32', Description: 'Nowhere' }],
        Tags: nameTag(`${prefix}-endpoints`),
      },
    }
  return groups
}

/** The group of the cluster, which is also that of Lambda's pollers: they connect from it, to it. */
function clusterGroups(
  choice: Network,
  { prefix, ports, ownGroup }: { prefix: string; ports: readonly number[]; ownGroup: boolean },
): Record<string, Resource> {
  const rule = (direction: 'Ingress' | 'Egress', [group, other]: readonly [Value, Value], port: number) => ({
    Type: `AWS::EC2::SecurityGroup${direction}`,
    Properties: {
      ...tcp(port),
      Description: 'Kafka over TLS',
      GroupId: group,
      [direction === 'Ingress' ? 'SourceSecurityGroupId' : 'DestinationSecurityGroupId']: other,
    },
  })
  const kafka = groupId('KafkaSecurityGroup')
  const rules = ports.flatMap((port) => [
    [`KafkaFromPollers${port}`, rule('Ingress', [kafka, kafka], port)] as const,
    [`PollersToKafka${port}`, rule('Egress', [kafka, kafka], port)] as const,
    ...functionSecurityGroups(choice).map(
      (group, index) =>
        [`KafkaFromFunctions${port}${index || ''}`, rule('Ingress', [kafka, group], port)] as const,
    ),
    ...(ownGroup
      ? [
          [
            `FunctionsToKafka${port}`,
            rule('Egress', [groupId('FunctionSecurityGroup'), kafka], port),
          ] as const,
        ]
      : []),
  ])
  return {
    KafkaSecurityGroup: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        VpcId: vpcId(choice),
        GroupDescription: `The brokers of ${prefix}, and the pollers of triggers`,
        // Pollers on demand call Lambda and STS.
        SecurityGroupEgress: [egress(HTTPS, '0.0.0.0/0', 'AWS')],
        Tags: nameTag(`${prefix}-kafka`),
      },
    },
    ...Object.fromEntries(rules),
  }
}

function tcp(port: number) {
  return { IpProtocol: 'tcp', FromPort: port, ToPort: port }
}

function egress(port: number, CidrIp: string, Description: string) {
  return { ...tcp(port), CidrIp, Description }
}

function endpointsOf({ network: choice, mappings, archive }: Deployment): Record<string, Resource> {
  if (choice?.kind !== 'created') return {}
  const service = (name: string): Value => ({ 'Fn::Sub': `com.amazonaws.\${AWS::Region}.${name}` })
  const gateway = (name: string, statement: { readonly [key: string]: Value }): Resource => ({
    Type: 'AWS::EC2::VPCEndpoint',
    Properties: {
      VpcId: { Ref: 'Vpc' },
      VpcEndpointType: 'Gateway',
      ServiceName: service(name),
      RouteTableIds: [{ Ref: 'PrivateRoutes' }],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: '*', ...statement }],
      },
    },
  })
  const inside = (name: string): Resource => ({
    Type: 'AWS::EC2::VPCEndpoint',
    Properties: {
      VpcId: { Ref: 'Vpc' },
      VpcEndpointType: 'Interface',
      ServiceName: service(name),
      SubnetIds: privateSubnets(choice),
      SecurityGroupIds: [groupId('EndpointSecurityGroup')],
      PrivateDnsEnabled: true,
    },
  })
  return {
    DynamoEndpoint: gateway('dynamodb', {
      Action: 'dynamodb:*',
      Resource: {
        'Fn::Sub': `arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/*`,
      },
    }),
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/vpc-interface-endpoints.html
    S3Endpoint: gateway('s3', {
      Action: 's3:PutObject',
      Resource: { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::cloudformation-custom-resource-response-*/*` },
    }),
    SecretsEndpoint: inside('secretsmanager'),
    // For pollers on demand, which those of the archive are here (triggers.ts).
    // https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cluster-network.html
    ...((mappings.pollers === null || archive !== null) && {
      LambdaEndpoint: inside('lambda'),
      StsEndpoint: inside('sts'),
    }),
  }
}
