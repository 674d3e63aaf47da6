/** A check that may fail, and why. */
export type Accepted = {
  readonly id: string
  /** The logical ids that it may fail for; without it all. */
  readonly resources?: RegExp
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
]
