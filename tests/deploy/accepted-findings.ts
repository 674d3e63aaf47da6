/** A check that may fail, and why. */
export type Accepted = {
  readonly id: string
  /** The logical ids that it may fail for; without it all. */
  readonly resources?: RegExp
  /** The stages that it may fail in; without it all. */
  readonly stages?: RegExp
  readonly because: string
}

/** Warnings of cfn-lint. Its errors are never accepted. */
export const CFN_LINT_ACCEPTED: readonly Accepted[] = [
  { id: 'W3005', because: 'The framework writes DependsOn beside references, which changes nothing.' },
]

/** Failed checks of checkov (https://www.checkov.io/5.Policy%20Index/cloudformation.html). */
export const CHECKOV_ACCEPTED: readonly Accepted[] = [
  {
    id: 'CKV_AWS_111',
    resources: /Role$/,
    because:
      'Lambda makes the network interfaces of a function in a VPC with its role, on any resource; the code of the function is denied them (infra/access/wildcards.ts).',
  },
  {
    id: 'CKV_AWS_115',
    because:
      'A reserved concurrency takes from the 1,000 of an account that may be new. It is a parameter for the functions that open connections to brokers.',
  },
  {
    id: 'CKV_AWS_116',
    because:
      'A queue for what failed is asked of asynchronous calls. Those of Tidewire (stats, audit, replays, standing) are repeated by the next one or by a schedule; records that fail are in the table of dead letters.',
  },
  {
    id: 'CKV_AWS_117',
    because:
      'Only functions that reach Kafka are in the VPC. A pusher in it would need a NAT gateway (docs/architecture.md).',
  },
  {
    id: 'CKV_AWS_119',
    because:
      'DynamoDB encrypts with a key of its own. A key of the customer costs a call for each read of a sandbox.',
  },
  {
    id: 'CKV_AWS_158',
    because:
      'CloudWatch encrypts log groups with a key of its own, and no log has data of events (docs/telemetry.md).',
  },
  {
    id: 'CKV_AWS_173',
    because: 'Lambda encrypts the environment with a key of its own, and nothing in it is secret.',
  },
  {
    id: 'CKV_AWS_28',
    resources: /^(Connections|Subscriptions|Views)Table$/,
    because: 'What is in it belongs to open connections, or is folded from Kafka again.',
  },
  {
    id: 'CKV_AWS_28',
    stages: /^(?!prod$)/,
    because:
      'A stage that is not protected keeps no backups: it is removed with its data (the parameter protect).',
  },
  {
    id: 'CKV_AWS_111',
    because:
      'Only actions that AWS has no resource for are allowed on all of them; infra/access/wildcards.ts lists each with its reason.',
  },
  {
    id: 'CKV_AWS_149',
    because: 'Secrets Manager encrypts with a key of its own; who may read a secret is said by the roles.',
  },
  {
    id: 'CKV_AWS_174',
    resources: /^WebDistribution$/,
    because: 'CloudFront takes a TLS version only with a certificate of its own (webDomain, webCertificate).',
  },
  {
    id: 'CKV_AWS_18',
    resources: /^(ServerlessDeploymentBucket|WebBucket)$/,
    because: 'One has the packages of deployments, the other the page that all may read through CloudFront.',
  },
  {
    id: 'CKV_AWS_21',
    resources: /^(ServerlessDeploymentBucket|WebBucket)$/,
    because:
      'What is in them is built from a commit again. Packages have the time of their deployment in their names.',
  },
  {
    id: 'CKV_AWS_18',
    resources: /^ArchiveBucket$/,
    because:
      'Who reads the archive is in CloudTrail, for those who switch its data events on. A log of accesses would be a second bucket of the same secrecy.',
  },
  {
    id: 'CKV_AWS_21',
    resources: /^ArchiveBucket$/,
    because: 'The data of an erased event would stay in a version (docs/archive.md#erasure).',
  },
  {
    id: 'CKV_AWS_68',
    resources: /^WebDistribution$/,
    because: 'The page is static files. A WAF costs a base price a month and has nothing to filter there.',
  },
  {
    id: 'CKV_AWS_86',
    resources: /^WebDistribution$/,
    because: 'Who read a static page is of no use, and addresses of people would have to be protected.',
  },
  {
    id: 'CKV_AWS_95',
    resources: /^WebsocketsDeploymentStage$/,
    because:
      'It needs a role of the account, which all stages share: the parameter socketLogs turns it on (docs/operations.md).',
  },
]
