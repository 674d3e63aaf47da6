import type { Mapping, Service } from './mapping.ts'
import {
  BadMapping,
  type Fail,
  type Fields,
  functionToken,
  isEnabled,
  isFields,
  readFunctionName,
  readSettings,
  readTimeout,
} from './mapping-properties.ts'

/**
 * Returns the mapping of a resource of the template. Returns undefined for a resource of another type, for a mapping
 * whose source is no Kafka, and for one that is disabled.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
 * @throws BadMapping at the first bad value.
 */
export function readMappingResource(
  logicalId: string,
  resource: unknown,
  service: Service,
): Mapping | undefined {
  if (!isFields(resource) || resource.Type !== 'AWS::Lambda::EventSourceMapping') return undefined
  const properties = isFields(resource.Properties) ? resource.Properties : {}
  if (!isOfKafka(properties)) return undefined
  const fail: Fail = (problem) => {
    throw new BadMapping(`resource ${logicalId}: ${problem}`)
  }
  if (resource.Condition !== undefined) return fail('Condition is not emulated')
  const topic = readTopic(properties.Topics, fail)
  const reading = { topic, fail }
  if (!isEnabled(properties, reading)) return undefined
  const { functionKey, definition } = readFunction(properties.FunctionName, service, fail)
  const functionName = readFunctionName(functionKey, definition, service)
  const { ConsumerGroupId: group, ...source } = readSource(properties, fail)
  return {
    functionKey,
    functionName,
    topic,
    ...source,
    // Lambda's default is the mapping's UUID, which does not change while the mapping exists.
    groupId: group === undefined ? `${functionName}-${topic}` : readGroup(group, fail),
    timeoutMs: readTimeout(definition, service, fail),
    ...readSettings(properties, reading),
  }
}

function isOfKafka(properties: Fields): boolean {
  const { EventSourceArn: arn } = properties
  if (typeof arn === 'string') return arn.split(':')[2] === 'kafka'
  const ofKafka = ['Topics', 'SelfManagedEventSource', MANAGED, SELF_MANAGED]
  return ofKafka.some((name) => properties[name] !== undefined)
}

const MANAGED = 'AmazonManagedKafkaEventSourceConfig'
const SELF_MANAGED = 'SelfManagedKafkaEventSourceConfig'

function readTopic(topics: unknown, fail: Fail): string {
  const [topic, ...others] = Array.isArray(topics) ? topics : []
  if (typeof topic === 'string' && topic !== '' && others.length === 0) return topic
  return fail(`Topics must have the name of one topic, not ${JSON.stringify(topics)}`)
}

/** The function by its ARN, its name, or what CloudFormation makes them of. */
function readFunction(value: unknown, service: Service, fail: Fail) {
  const functions = isFields(service.functions) ? service.functions : {}
  for (const [functionKey, definition] of Object.entries(functions))
    if (
      isFields(definition) &&
      isFunction(value, functionKey, readFunctionName(functionKey, definition, service))
    )
      return { functionKey, definition }
  return fail(`FunctionName is no function of serverless.yml: ${JSON.stringify(value)}`)
}

function isFunction(value: unknown, key: string, name: string): boolean {
  if (typeof value === 'string') return value === name || value.split(':').includes(name)
  if (!isFields(value)) return false
  const logicalId = `${functionToken(key)}LambdaFunction`
  const { Ref: ref, 'Fn::GetAtt': attribute } = value
  return ref === logicalId || String(attribute) === `${logicalId},Arn` || attribute === `${logicalId}.Arn`
}

type Source = Pick<Mapping, 'eventSource' | 'eventSourceArn'> & { readonly ConsumerGroupId?: unknown }

function readSource(properties: Fields, fail: Fail): Source {
  const { EventSourceArn: arn, SelfManagedEventSource: own } = properties
  if (arn !== undefined && own !== undefined)
    return fail('EventSourceArn and SelfManagedEventSource exclude each other')
  if (arn !== undefined) {
    const config = readConfig(properties, { allowed: MANAGED, refused: SELF_MANAGED, fail })
    return { eventSource: 'aws:kafka', eventSourceArn: readArn(arn, fail), ...config }
  }
  if (own === undefined) return fail('EventSourceArn or SelfManagedEventSource is missing')
  const endpoints = isFields(own) ? own.Endpoints : undefined
  const servers = isFields(endpoints) ? endpoints.KafkaBootstrapServers : undefined
  if (!Array.isArray(servers) || servers.length === 0)
    return fail('SelfManagedEventSource needs Endpoints.KafkaBootstrapServers, a list of host:port')
  const config = readConfig(properties, { allowed: SELF_MANAGED, refused: MANAGED, fail })
  return { eventSource: 'SelfManagedKafka', ...config }
}

function readConfig(
  properties: Fields,
  { allowed, refused, fail }: { allowed: string; refused: string; fail: Fail },
): Pick<Source, 'ConsumerGroupId'> {
  if (properties[refused] !== undefined) return fail(`${refused} is of another kind of source: ${allowed}`)
  const { [allowed]: config } = properties
  if (config === undefined) return {}
  if (!isFields(config)) return fail(`${allowed} must be an object`)
  // Both change what a function gets.
  if (config.SchemaRegistryConfig !== undefined) return fail('SchemaRegistryConfig is not emulated')
  if (config.ConsumptionMode !== undefined && config.ConsumptionMode !== 'Stream')
    return fail('ConsumptionMode is not emulated but for Stream, its default')
  return config.ConsumerGroupId === undefined ? {} : { ConsumerGroupId: config.ConsumerGroupId }
}

function readGroup(group: unknown, fail: Fail): string {
  if (typeof group === 'string' && /^[\w/*:+=.@-]{1,200}$/.test(group)) return group
  return fail(
    `ConsumerGroupId must be 1 to 200 letters, digits and "-/*:_+=.@", not ${JSON.stringify(group)}`,
  )
}

/** An ARN, made up if only the deployment knows it. */
function readArn(value: unknown, fail: Fail): string {
  if (typeof value === 'string') return value
  const fields = isFields(value) ? value : {}
  const token = fields.Ref ?? fields['Fn::ImportValue'] ?? firstOf(fields['Fn::GetAtt'])
  if (typeof token === 'string') return `arn:aws:kafka:us-east-1:000000000000:cluster/${token}/local`
  return fail(
    `EventSourceArn must be text, a Ref, an Fn::GetAtt or an Fn::ImportValue, not ${JSON.stringify(value)}`,
  )
}

function firstOf(attribute: unknown): unknown {
  return Array.isArray(attribute) ? attribute[0] : String(attribute ?? '').split('.')[0] || undefined
}
