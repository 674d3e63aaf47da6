import type * as z from 'zod'
import { items, text } from './fields.ts'
import type { KafkaChoice } from './read-kafka.ts'

/** Where the functions run that reach Kafka: null is outside a VPC. */
export type NetworkChoice =
  | null
  /** A VPC with a subnet in each of the zones: a name, or null for the next one of the region. */
  | { readonly kind: 'created'; readonly zones: readonly (string | null)[] }
  | {
      readonly kind: 'given'
      /** Null if the stage makes no security group in it. */
      readonly vpcId: string | null
      readonly subnetIds: readonly string[]
      /** The groups of the functions, which the brokers let in. Without them the stage makes one. */
      readonly securityGroupIds: readonly string[]
    }

/** The parameters of the network, for a schema. */
export const networkFields = { vpc: text, subnets: items, securityGroups: items, zones: items }

type NetworkValues = z.infer<z.ZodObject<typeof networkFields>>

/** Reads the network of a stage with this Kafka. Throws an error of one line that says what is missing or wrong. */
export function readNetwork(
  { vpc, subnets, securityGroups, zones }: NetworkValues,
  kafka: KafkaChoice,
): NetworkChoice {
  const { kind } = kafka
  const isCreated = kind === 'serverless' || kind === 'provisioned'
  if (vpc === '' && subnets.length === 0) {
    if (securityGroups.length > 0) throw new Error('securityGroups needs --param="subnets=subnet-…,subnet-…"')
    if (kind === 'existing')
      throw new Error(
        'kafka=existing needs the network of the cluster: --param="subnets=subnet-…,subnet-…" --param="securityGroups=sg-…", groups that the brokers let in',
      )
    return isCreated ? { kind: 'created', zones: readZones(zones, kafka) } : null
  }
  if (zones.length > 0)
    throw new Error('zones is for a VPC that the stage creates: leave it out, the subnets say it')
  if (subnets.length === 0)
    throw new Error('vpc needs --param="subnets=subnet-…,subnet-…", in two zones at least')
  if (isCreated) assertZones('subnets, each in a zone of its own', subnets, kafka)
  if (kind === 'existing' && securityGroups.length === 0)
    throw new Error('kafka=existing needs --param="securityGroups=sg-…", groups that the brokers let in')
  if (vpc === '' && (isCreated || securityGroups.length === 0))
    throw new Error('subnets needs --param="vpc=vpc-…", where the stage makes a security group')
  return {
    kind: 'given',
    vpcId: vpc === '' ? null : vpc,
    subnetIds: subnets,
    securityGroupIds: securityGroups,
  }
}

function readZones(names: readonly string[], kafka: KafkaChoice): readonly (string | null)[] {
  if (names.length > 0) assertZones('zones of the region', names, kafka)
  return names.length > 0 ? names : Array.from({ length: usualZones(kafka) }, () => null)
}

/** MSK Serverless is content with two zones. A topic of provisioned brokers has a replica in each of three. */
function usualZones({ kind }: KafkaChoice): number {
  return kind === 'serverless' ? 2 : 3
}

function assertZones(what: string, names: readonly string[], kafka: KafkaChoice): void {
  // https://docs.aws.amazon.com/msk/latest/developerguide/msk-broker-types-express.html
  const isExpress = kafka.kind === 'provisioned' && kafka.instanceType.startsWith('express.')
  if (names.length === 3 || (names.length === 2 && !isExpress)) {
    if (new Set(names).size === names.length) return
  }
  throw new Error(
    `kafka=${kafka.kind} needs ${isExpress ? 'three' : 'two or three'} ${what}, not "${names.join(',')}"`,
  )
}
