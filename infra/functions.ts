import type { Value } from './cloudformation.ts'
import type { Deployment } from './deployment.ts'
import { functionSecurityGroups, privateSubnets } from './network.ts'

/**
 * The functions that connect to Kafka, by their keys in serverless.yml. Where the brokers are private these run in their
 * VPC, and no other function does: what pushes to sockets needs a way out, which the VPC does not have
 * (docs/architecture.md#inside-or-outside-the-vpc).
 */
export const KAFKA_FUNCTIONS: readonly string[] = [
  'write',
  'webhooks',
  'command',
  'fold',
  'stats',
  'audit',
  'streams',
  'replay-records',
  'kafka-topics',
]

/** Whether a function connects to Kafka. */
export function connectsToKafka(key: string): boolean {
  return KAFKA_FUNCTIONS.includes(key)
}

/**
 * `vpc` of the functions that connect to Kafka: subnets and security groups, or false in a stage without a network. The
 * framework takes false as no VPC, and null as a variable that has no value.
 */
export function vpcOfKafkaFunctions({ network }: Pick<Deployment, 'network'>): Value {
  return network === null
    ? false
    : { securityGroupIds: functionSecurityGroups(network), subnetIds: privateSubnets(network) }
}
