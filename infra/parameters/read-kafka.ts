import * as z from 'zod'
import { itemsOf, text, wholeNumber } from './fields.ts'

/** The Kafka of a stage. */
export type KafkaChoice =
  /** The broker of the local stack. */
  | { readonly kind: 'local' }
  /** An MSK Serverless cluster that the stage creates; it takes IAM only. */
  | { readonly kind: 'serverless' }
  /** A provisioned MSK cluster that the stage creates. */
  | {
      readonly kind: 'provisioned'
      readonly auth: 'iam' | 'scram'
      readonly instanceType: string
      /** Gibibytes of each broker. */
      readonly storage: number
    }
  /**
   * An MSK cluster that exists. With `scram`, `secretArn` is the Secrets Manager secret of the user. Without `brokers`
   * MSK is asked for their addresses when the stage is deployed.
   */
  | {
      readonly kind: 'existing'
      readonly arn: string
      readonly brokers: string | null
      readonly auth: 'iam' | 'scram'
      readonly secretArn: string | null
    }
  /** Any Kafka that is reached over TLS with SASL: Confluent, Redpanda, or one's own. */
  | {
      readonly kind: 'external'
      readonly brokers: string
      readonly auth: 'scram-sha-256' | 'scram-sha-512' | 'plain'
      readonly secretArn: string
    }

/** https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html */
const MSK_PORTS = { iam: 9098, scram: 9096 }

/** The ports of the brokers that the functions and Lambda's pollers connect to. */
export function brokerPorts(kafka: KafkaChoice): readonly number[] {
  switch (kafka.kind) {
    case 'local':
      return []
    case 'external':
      return [...new Set(kafka.brokers.split(',').map((broker) => Number(broker.split(':').at(-1))))]
    case 'serverless':
      return [MSK_PORTS.iam]
    case 'provisioned':
    case 'existing':
      return [MSK_PORTS[kafka.auth]]
  }
}

const KINDS = ['serverless', 'provisioned', 'existing', 'external'] as const

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-msk-cluster-ebsstorageinfo.html */
const MOST_STORAGE = 16_384

/** The parameters that say which Kafka a stage has, for a schema. */
export const kafkaFields = {
  kafka: text,
  kafkaArn: text,
  kafkaBrokers: text,
  kafkaAuth: text,
  kafkaSecret: text,
  brokerType: z.coerce
    .string()
    .regex(/^(kafka|express)\.[a-z0-9]+\.[a-z0-9]+$/, 'must be a type of brokers, such as kafka.m7g.large')
    .default('kafka.m7g.large'),
  brokerStorage: wholeNumber(MOST_STORAGE, ' of gibibytes').default(100),
}

type KafkaValues = z.infer<z.ZodObject<typeof kafkaFields>>

/** Which Kafka the parameters are of: an ARN is that of an MSK cluster, and brokers alone are those of any other. */
function kindOf({ kafka, kafkaArn, kafkaBrokers }: KafkaValues): string {
  if (kafka !== '') return kafka
  if (kafkaArn !== '') return 'existing'
  return kafkaBrokers === '' ? '' : 'external'
}

/**
 * Reads the Kafka of a stage that is not the local one. Throws an error of one line that says what is missing or wrong.
 */
export function readKafka(values: KafkaValues, stage: string): KafkaChoice {
  const { kafkaArn, kafkaBrokers, kafkaAuth, kafkaSecret } = values
  const kind = kindOf(values)
  switch (kind) {
    case 'serverless':
      if (kafkaAuth !== '' && kafkaAuth !== 'iam')
        throw new Error(`kafka=serverless takes kafkaAuth=iam only, not ${JSON.stringify(kafkaAuth)}`)
      return { kind }
    case 'provisioned': {
      if (kafkaSecret !== '')
        throw new Error(
          'kafka=provisioned creates the secret of its user: use kafkaAuth=scram without kafkaSecret',
        )
      return {
        kind,
        auth: mskAuth(kafkaAuth),
        instanceType: values.brokerType,
        storage: values.brokerStorage,
      }
    }
    case 'existing': {
      if (!/^arn:[\w-]+:kafka:[\w-]+:\d{12}:cluster\/[^/]+\/[\w-]+$/.test(kafkaArn))
        throw new Error('kafka=existing needs the ARN of the cluster: --param="kafkaArn=arn:aws:kafka:…"')
      // A secret has a user in it, and IAM has none.
      const auth = mskAuth(kafkaAuth || (kafkaSecret === '' ? 'iam' : 'scram'))
      if (auth === 'scram' && kafkaSecret === '')
        throw new Error(
          'kafkaAuth=scram needs the secret of the user: --param="kafkaSecret=arn:aws:secretsmanager:…"',
        )
      if (auth === 'iam' && kafkaSecret !== '')
        throw new Error('kafkaAuth=iam has no secret: leave kafkaSecret out, or use kafkaAuth=scram')
      return {
        kind,
        arn: kafkaArn,
        brokers: kafkaBrokers === '' ? null : readBrokers(kafkaBrokers),
        auth,
        secretArn: kafkaSecret === '' ? null : readSecretArn(kafkaSecret),
      }
    }
    case 'external': {
      if (kafkaBrokers === '' || kafkaSecret === '')
        throw new Error(
          'kafka=external needs --param="kafkaBrokers=host:9092,…" and, for user name and password, --param="kafkaSecret=arn:aws:secretsmanager:…"',
        )
      return {
        kind,
        brokers: readBrokers(kafkaBrokers),
        auth: externalAuth(kafkaAuth),
        secretArn: readSecretArn(kafkaSecret),
      }
    }
    default:
      throw new Error(
        `The stage ${stage} needs a Kafka: --param="kafka=${KINDS.join('|')}" (docs/deploy.md); it is ${kind === '' ? 'not set' : JSON.stringify(kind)}.`,
      )
  }
}

function readBrokers(text: string): string {
  const brokers = itemsOf(text)
  const wrong = brokers.find((broker) => !/^[\w.-]+:\d{1,5}$/.test(broker))
  if (wrong !== undefined || brokers.length === 0)
    throw new Error(
      `kafkaBrokers: ${JSON.stringify(wrong ?? text)} is not host:port, such as b-1.example.com:9096`,
    )
  return brokers.join(',')
}

function readSecretArn(text: string): string {
  if (/^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+$/.test(text)) return text
  throw new Error('kafkaSecret must be the ARN of a secret, such as arn:aws:secretsmanager:…:secret:…')
}

function mskAuth(auth: string): 'iam' | 'scram' {
  if (auth === '' || auth === 'iam') return 'iam'
  if (auth === 'scram') return 'scram'
  throw new Error(`kafkaAuth of an MSK cluster is iam or scram, not ${JSON.stringify(auth)}`)
}

function externalAuth(auth: string): 'scram-sha-256' | 'scram-sha-512' | 'plain' {
  if (auth === '') return 'scram-sha-512'
  if (auth === 'scram-sha-256' || auth === 'scram-sha-512' || auth === 'plain') return auth
  throw new Error(
    `kafkaAuth of kafka=external is scram-sha-512, scram-sha-256 or plain, not ${JSON.stringify(auth)}`,
  )
}
