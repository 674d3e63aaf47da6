import { type Deployment, readDeployment } from '../deployment.ts'

const PLACE = {
  service: 'tidewire',
  stage: 'prod',
  topics: ['port-events', 'container-events', 'tidewire-audit'],
  partitions: 3,
}

export const CLUSTER_ARN = 'arn:aws:kafka:eu-central-1:111122223333:cluster/shared/0a1b2c3d-11-2'
export const SECRET_ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:AmazonMSK_user-AbCdEf'
const GIVEN = { subnets: 'subnet-1,subnet-2', securityGroups: 'sg-1' }

/** The parameters of a stage with each kind of Kafka in each network that it can have. At most five are needed. */
export const SHAPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  serverless: { kafka: 'serverless' },
  'serverless with pollers on demand': { kafka: 'serverless', pollers: 'on-demand' },
  'serverless in a given network': { kafka: 'serverless', vpc: 'vpc-1', subnets: 'subnet-1,subnet-2' },
  'serverless with an archive': { kafka: 'serverless', archive: 'true', archiveDays: '365' },
  provisioned: { kafka: 'provisioned' },
  'provisioned with scram': { kafka: 'provisioned', kafkaAuth: 'scram' },
  'provisioned in a given network': { kafka: 'provisioned', kafkaAuth: 'scram', vpc: 'vpc-1', ...GIVEN },
  existing: { kafkaArn: CLUSTER_ARN, ...GIVEN },
  'existing with scram': { kafkaArn: CLUSTER_ARN, kafkaSecret: SECRET_ARN, ...GIVEN },
  external: { kafkaBrokers: 'a.example.com:9092,b.example.com:9093', kafkaSecret: SECRET_ARN },
  'external in a given network': {
    kafkaBrokers: 'a.example.com:9092',
    kafkaSecret: SECRET_ARN,
    vpc: 'vpc-1',
    subnets: 'subnet-1',
  },
}

/** Returns the deployment of these parameters. Throws as `readDeployment` does. */
export function exampleDeployment(
  parameters: Readonly<Record<string, unknown>> = { kafka: 'serverless' },
  place: Partial<typeof PLACE> = {},
): Promise<Deployment> {
  return readDeployment({ topicPrefix: 'auto', retention: '7d', ...parameters }, { ...PLACE, ...place })
}
