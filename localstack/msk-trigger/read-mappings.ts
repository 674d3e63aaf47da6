import { kafkaLogicalId, mskLogicalId } from './logical-id.ts'
import type { Mapping } from './mapping.ts'
import type { Fail, Fields } from './read-settings.ts'
import { isFields, readInteger, readLimit, readOnFailure, readStartingPosition } from './read-settings.ts'

/** The service object of the Serverless Framework, after its variables are resolved; parsed here. */
export type Service = {
  service?: unknown
  provider?: unknown
  functions?: unknown
  resources?: unknown
}

/**
 * Reads every enabled `msk` and `kafka` event of a service into the mapping that Lambda would have.
 * Properties under `resources.extensions.<logical id>` override those of the event, as in the deployed template.
 * @throws Error that lists every bad value, by function and topic.
 */
export function readMappings(service: Service): Mapping[] {
  const problems: string[] = []
  const mappings: Mapping[] = []
  const functions = isFields(service.functions) ? service.functions : {}
  for (const [functionKey, definition] of Object.entries(functions)) {
    if (!isFields(definition) || !Array.isArray(definition.events)) continue
    for (const event of definition.events.filter(isFields)) {
      try {
        const mapping = readMapping(event, { functionKey, definition, service })
        if (mapping) mappings.push(mapping)
      } catch (error) {
        if (!(error instanceof BadMapping)) throw error
        problems.push(error.message)
      }
    }
  }
  problems.push(...sharedGroups(mappings))
  if (problems.length > 0) throw new Error(`event source mappings:\n  ${problems.join('\n  ')}`)
  return mappings
}

class BadMapping extends Error {
  readonly code = 'BAD_MAPPING'
}

type Owner = { functionKey: string; definition: Fields; service: Service }

function readMapping(event: Fields, owner: Owner): Mapping | undefined {
  const kind = isFields(event.msk) ? 'msk' : 'kafka'
  const source = event[kind]
  if (!isFields(source)) return undefined
  const { functionKey } = owner
  const fail: Fail = (problem) => {
    throw new BadMapping(`${functionKey}, ${kind} event of topic ${JSON.stringify(source.topic)}: ${problem}`)
  }
  const { topic } = source
  if (typeof topic !== 'string' || topic === '') return fail('topic is missing')
  const origin = kind === 'msk' ? readCluster(source.arn, fail) : undefined
  const logicalId = origin
    ? mskLogicalId(functionKey, origin.name, topic)
    : kafkaLogicalId(functionKey, topic)
  const properties = { ...toProperties(source), ...readExtension(owner.service, logicalId) }
  if (properties.Enabled === false) return undefined
  // Half of a filter would hand records to the function that it never sees in the cloud.
  if (properties.FilterCriteria) return fail('filterPatterns are not emulated: filter in the function')
  const functionName = readFunctionName(owner)
  return {
    functionKey,
    functionName,
    topic,
    ...(origin
      ? { eventSource: 'aws:kafka', eventSourceArn: origin.arn }
      : { eventSource: 'SelfManagedKafka' }),
    // Lambda's default is the mapping's UUID: it stays the same for as long as the mapping exists.
    groupId: typeof source.consumerGroupId === 'string' ? source.consumerGroupId : `${functionName}-${topic}`,
    timeoutMs: readTimeout(owner, fail),
    ...readBatching(properties, fail),
    ...readErrorHandling(properties, topic, fail),
  }
}

const toProperties = (source: Fields): Fields => ({
  Enabled: source.enabled,
  BatchSize: source.batchSize,
  // osls leaves a window of 0 out of the template, which then has Lambda's default.
  MaximumBatchingWindowInSeconds: source.maximumBatchingWindow || undefined,
  StartingPosition: source.startingPosition,
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

/** Defaults and bounds: https://docs.aws.amazon.com/lambda/latest/dg/msk-esm-parameters.html */
function readBatching(properties: Fields, fail: Fail) {
  const { BatchSize, MaximumBatchingWindowInSeconds: window } = properties
  const { StartingPosition, StartingPositionTimestamp } = properties
  const seconds = readInteger(window, { name: 'maximumBatchingWindow', min: 0, max: 300, fail })
  return {
    batchSize: readInteger(BatchSize, { name: 'batchSize', min: 1, max: 10_000, fail }) ?? 100,
    windowMs: seconds === undefined ? 500 : seconds * 1000,
    startingPosition: readStartingPosition(StartingPosition, StartingPositionTimestamp, fail),
  }
}

/** Bounds: https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html */
function readErrorHandling(properties: Fields, topic: string, fail: Fail) {
  const {
    MaximumRetryAttempts: retries,
    MaximumRecordAgeInSeconds: age,
    FunctionResponseTypes: types,
  } = properties
  const { destination, topic: onFailureTopic } = readOnFailure(properties.DestinationConfig, topic, fail)
  const maxRetries = readLimit(retries, { name: 'MaximumRetryAttempts', min: 0, max: 10_000, fail })
  return {
    reportBatchItemFailures: Array.isArray(types) && types.includes('ReportBatchItemFailures'),
    bisect: properties.BisectBatchOnFunctionError === true,
    // With a destination, Lambda turns infinite retries into ten.
    maxRetries: destination && maxRetries === Number.POSITIVE_INFINITY ? 10 : maxRetries,
    maxRecordAgeMs: readLimit(age, { name: 'MaximumRecordAgeInSeconds', min: 60, max: 604_800, fail }) * 1000,
    ...(onFailureTopic ? { onFailureTopic } : {}),
  }
}

/** @returns the name that goes into the logical id, and an ARN, made up when only the deployment knows it. */
function readCluster(arn: unknown, fail: Fail): { name: string; arn: string } {
  if (typeof arn === 'string') return { name: arn.split('/')[1] ?? fail(`arn ${arn} names no cluster`), arn }
  const token = isFields(arn) ? (arn['Fn::ImportValue'] ?? arn.Ref) : undefined
  if (typeof token !== 'string') return fail('arn must be text, a Ref or an Fn::ImportValue')
  return { name: token, arn: `arn:aws:kafka:us-east-1:000000000000:cluster/${token}/local` }
}

function readFunctionName({ functionKey, definition, service }: Owner): string {
  if (typeof definition.name === 'string') return definition.name
  const stage = isFields(service.provider) ? service.provider.stage : undefined
  return `${service.service}-${typeof stage === 'string' ? stage : 'dev'}-${functionKey}`
}

function readTimeout({ definition, service }: Owner, fail: Fail): number {
  const inherited = isFields(service.provider) ? service.provider.timeout : undefined
  const timeout = definition.timeout ?? inherited
  return (readInteger(timeout, { name: 'timeout', min: 1, max: 900, fail }) ?? 6) * 1000
}

/** kafkajs assigns every member every topic of its group, so one group cannot serve two mappings. */
function sharedGroups(mappings: Mapping[]): string[] {
  const groups = Map.groupBy(mappings, ({ groupId }) => groupId)
  return [...groups]
    .filter(([, users]) => users.length > 1)
    .map(([groupId, users]) => {
      const names = users.map(({ functionKey, topic }) => `${functionKey} (${topic})`)
      return `${names.join(' and ')} share the consumer group ${groupId}: give each its own consumerGroupId`
    })
}
