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
  upperFirst,
} from './mapping-properties.ts'

type Owner = { readonly functionKey: string; readonly definition: Fields; readonly service: Service }

/** How the framework calls the properties of a mapping in its events. */
const NAMES: Readonly<Record<string, string>> = {
  BatchSize: 'batchSize',
  Enabled: 'enabled',
  FilterCriteria: 'filterPatterns',
  MaximumBatchingWindowInSeconds: 'maximumBatchingWindow',
  StartingPosition: 'startingPosition',
  StartingPositionTimestamp: 'startingPositionTimestamp',
}

/**
 * Returns the mapping of an `msk` or `kafka` event of a function. Properties under `resources.extensions.<logical id>`
 * override those of the event, as in the deployed template. Returns undefined for an event of another kind and for one
 * that is disabled.
 * @throws BadMapping at the first bad value.
 */
export function readMappingEvent(event: Fields, owner: Owner): Mapping | undefined {
  const kind = isFields(event.msk) ? 'msk' : 'kafka'
  const source = event[kind]
  if (!isFields(source)) return undefined
  const { functionKey, definition, service } = owner
  const fail: Fail = (problem) => {
    throw new BadMapping(`${functionKey}, ${kind} event of topic ${JSON.stringify(source.topic)}: ${problem}`)
  }
  const { topic } = source
  if (typeof topic !== 'string' || topic === '') return fail('topic is missing')
  const origin = kind === 'msk' ? readCluster(source.arn, fail) : undefined
  const logicalId = origin
    ? mskLogicalId(functionKey, origin.name, topic)
    : kafkaLogicalId(functionKey, topic)
  const properties = { ...toProperties(source), ...readExtension(service, logicalId) }
  const reading = { topic, fail, nameOf: (property: string) => NAMES[property] ?? property }
  if (!isEnabled(properties, reading)) return undefined
  const functionName = readFunctionName(functionKey, definition, service)
  return {
    functionKey,
    functionName,
    topic,
    ...(origin
      ? { eventSource: 'aws:kafka', eventSourceArn: origin.arn }
      : { eventSource: 'SelfManagedKafka' }),
    // Lambda's default is the mapping's UUID, which does not change while the mapping exists.
    groupId: typeof source.consumerGroupId === 'string' ? source.consumerGroupId : `${functionName}-${topic}`,
    timeoutMs: readTimeout(definition, service, fail),
    ...readSettings(properties, reading),
  }
}

const toProperties = (source: Fields): Fields => ({
  Enabled: source.enabled,
  BatchSize: source.batchSize,
  // osls leaves a window of 0 out of the template, which then has Lambda's default.
  MaximumBatchingWindowInSeconds: source.maximumBatchingWindow || undefined,
  StartingPosition: source.startingPosition ?? 'TRIM_HORIZON',
  StartingPositionTimestamp: source.startingPositionTimestamp,
  FilterCriteria: source.filterPatterns,
  ...(source.onFailureDestination
    ? { DestinationConfig: { OnFailure: { Destination: source.onFailureDestination } } }
    : {}),
})

function readExtension({ resources }: Service, logicalId: string): Fields {
  const extensions = isFields(resources) ? resources.extensions : undefined
  const extension = isFields(extensions) ? extensions[logicalId] : undefined
  return isFields(extension) && isFields(extension.Properties) ? extension.Properties : {}
}

/** Returns the name that goes into the logical id, and an ARN, made up if only the deployment knows it. */
function readCluster(arn: unknown, fail: Fail): { name: string; arn: string } {
  if (typeof arn === 'string') return { name: arn.split('/')[1] ?? fail(`arn ${arn} names no cluster`), arn }
  const token = isFields(arn) ? (arn['Fn::ImportValue'] ?? arn.Ref) : undefined
  if (typeof token !== 'string') return fail('arn must be text, a Ref or an Fn::ImportValue')
  return { name: token, arn: `arn:aws:kafka:us-east-1:000000000000:cluster/${token}/local` }
}

// The logical ids that osls gives to event source mappings (its lib/plugins/aws/lib/naming.js).

export function mskLogicalId(functionKey: string, cluster: string, topic: string): string {
  const names = alphanumeric(cluster).slice(0, 79) + alphanumeric(topic).slice(0, 79)
  return `${functionToken(functionKey)}EventSourceMappingMSK${names}`
}

export function kafkaLogicalId(functionKey: string, topic: string): string {
  return `${functionToken(functionKey)}EventSourceMappingKafka${alphanumeric(topic).slice(0, 158)}`
}

const alphanumeric = (name: string): string => upperFirst(name.replace(/[^0-9A-Za-z]/g, ''))
