/** A wildcard that a policy has, and why it cannot do without. */
export type Wildcard = {
  /** The actions, as policies name them. */
  readonly actions: readonly string[]
  /** How the resource ends. `*` alone is any resource. */
  readonly resource: string
  readonly reason: string
}

/**
 * All wildcards of the policies. A test fails for any other. No policy has a wildcard in an action.
 */
export const WILDCARDS: readonly Wildcard[] = [
  {
    actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
    resource: '*',
    reason:
      'X-Ray has no resources for segments. https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html',
  },
  {
    actions: [
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeVpcs',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ],
    resource: '*',
    reason:
      'Lambda makes the network interfaces of functions in a VPC and of the pollers of MSK with the role of the function, and asks for these actions on any resource. The code of the function itself is denied them. https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions',
  },
  {
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resource: ':*',
    reason: 'Lambda names the streams in the log group of the function, which is named.',
  },
  {
    actions: ['execute-api:ManageConnections'],
    resource: '/@connections/*',
    reason: 'A connection gets its id when it is opened. The API, the stage and the method are named.',
  },
  {
    actions: ['s3:PutObject'],
    resource: '/*',
    reason:
      'Lambda names the objects in which it reports batches that it gives up, in the bucket of onFailure.',
  },
  {
    actions: ['s3:GetObject', 's3:PutObject'],
    resource: '/*',
    reason:
      'The files of the archive are named for the records in them. The bucket is its own (docs/archive.md).',
  },
  {
    actions: ['kms:Decrypt'],
    resource: ':key/*',
    reason:
      'The key of a secret that a deployment is given is not known to it. Conditions allow it for that secret alone, and through Secrets Manager alone.',
  },
  {
    actions: ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'],
    resource: '-*',
    reason:
      'A consumer group for each topic and shard: their names, one by one, are longer than a policy may be. All begin with the service, the stage and the function.',
  },
  {
    actions: [
      'kafka-cluster:DescribeTopic',
      'kafka-cluster:ReadData',
      'kafka-cluster:DescribeTopicDynamicConfiguration',
      'kafka-cluster:DescribeGroup',
    ],
    resource: '/*',
    reason:
      'GET /streams shows operators every topic and group of the cluster that the stage created. In a cluster of others it shows those of the stage.',
  },
]
