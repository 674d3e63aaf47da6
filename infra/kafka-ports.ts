import type { KafkaChoice } from './deployment.ts'

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
