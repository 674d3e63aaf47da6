import * as z from 'zod'
import { bootstrapBrokers } from '#shared/adapters/aws/bootstrap-brokers.ts'
import {
  type Attributes,
  customResource,
  type ResourceProperties,
} from '#shared/adapters/lambda/custom-resource.ts'
import { clock } from './lib/compose.ts'

type KafkaBrokersDeps = { readonly find: ReturnType<typeof bootstrapBrokers> }

const schema = z.object({ ClusterArn: z.string().min(1), Auth: z.enum(['iam', 'scram']) })

/** Returns where the brokers of a cluster are, for the template: CloudFormation has no attribute for it. */
export async function findBrokers(
  properties: ResourceProperties,
  { find }: KafkaBrokersDeps,
): Promise<Attributes> {
  const { ClusterArn, Auth } = schema.parse(properties)
  return { Brokers: await find(ClusterArn, Auth) }
}

/** The custom resource `KafkaBrokers`. It is outside the VPC, because MSK's own interface cannot be reached from inside. */
const find = bootstrapBrokers({ aws: process.env })
export const handler = customResource((properties) => findBrokers(properties, { find }), {
  sleep: clock.sleep,
})
