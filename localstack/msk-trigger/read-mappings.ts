/** One event source mapping of Lambda: which topic feeds which function, and how. Times are in milliseconds. */
export type Mapping = {
  functionKey: string
  functionName: string
  topic: string
  eventSource: 'aws:kafka' | 'SelfManagedKafka'
  /** Undefined for self-managed Kafka, which has no ARN. */
  eventSourceArn?: string
  groupId: string
  batchSize: number
  windowMs: number
  startingPosition: StartingPosition
  reportBatchItemFailures: boolean
  bisect: boolean
  /** Retries after the first invocation; Infinity is Lambda's default. */
  maxRetries: number
  maxRecordAgeMs: number
  timeoutMs: number
  onFailureTopic?: string
}

/** Where a consumer group without a committed offset begins; `timestamp` is Unix time in milliseconds. */
export type StartingPosition =
  | { at: 'LATEST' }
  | { at: 'TRIM_HORIZON' }
  | { at: 'AT_TIMESTAMP'; timestamp: number }

/** The service object of the Serverless Framework, after its variables are resolved; parsed here. */
export type Service = {
  service?: unknown
  provider?: unknown
  functions?: unknown
  resources?: unknown
}

/**
 * Returns the mapping that Lambda would have for every enabled `msk` and `kafka` event of a service.
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
  for (const [logicalId, resource] of Object.entries(resourcesOf(service))) {
    if (!isFields(resource) || resource.Type !== 'AWS::Lambda::EventSourceMapping') continue
    try {
      const mapping = readResource(
        logicalId,
        isFields(resource.Properties) ? resource.Properties : {},
        service,
      )
      if (mapping) mappings.push(mapping)
    } catch (error) {
      if (!(error instanceof BadMapping)) throw error
      problems.push(error.message)
    }
  }
  problems.push(...sharedGroups(mappings))
  if (problems.length > 0) throw new Error(`event source mappings:\n  ${problems.join('\n  ')}`)
  return mappings
}

class BadMapping extends Error {
  readonly code = 'BAD_MAPPING'
}

type Fail = (problem: string) => never
type Fields = Record<string, unknown>
type Owner = { functionKey: string; definition: Fields; service: Service }

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Returns undefined for an event of another kind and for one that is disabled. */
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
  // Half of a filter would pass records to the function that it never gets in the cloud.
  if (properties.FilterCriteria) return fail('filterPatterns are not emulated: filter in the function')
  const functionName = readFunctionName(owner)
  return {
    functionKey,
    functionName,
    topic,
    ...(origin
      ? { eventSource: 'aws:kafka', eventSourceArn: origin.arn }
      : { eventSource: 'SelfManagedKafka' }),
    // Lambda's default is the mapping's UUID, which does not change while the mapping exists.
    groupId: typeof source.consumerGroupId === 'string' ? source.consumerGroupId : `${functionName}-${topic}`,
    timeoutMs: readTimeout(owner, fail),
    ...readBatching(properties, fail),
    ...readErrorHandling(properties, topic, fail),
  }
}

function resourcesOf({ resources }: Service): Fields {
  const found = isFields(resources) ? resources.Resources : undefined
  return isFields(found) ? found : {}
}

/** The mapping of a resource of the template; undefined if it is disabled, or its source is no Kafka. */
function readResource(logicalId: string, properties: Fields, service: Service): Mapping | undefined {
  const fail: Fail = (problem) => {
    throw new BadMapping(`resource ${logicalId}: ${problem}`)
  }
  const { AmazonManagedKafkaEventSourceConfig: managed, SelfManagedKafkaEventSourceConfig: own } = properties
  const config = isFields(managed) ? managed : own
  if (properties.Enabled === false || !isFields(config)) return undefined
  if (properties.FilterCriteria) return fail('FilterCriteria are not emulated: filter in the function')
  const [topic] = Array.isArray(properties.Topics) ? properties.Topics : []
  if (typeof topic !== 'string' || topic === '') return fail('Topics must have one topic')
  const functions = isFields(service.functions) ? service.functions : {}
  const functionKey = Object.keys(functions).find((key) => isFunctionOf(properties.FunctionName, key))
  const definition = functionKey === undefined ? undefined : functions[functionKey]
  if (functionKey === undefined || !isFields(definition))
    return fail('FunctionName is no function of serverless.yml')
  const owner = { functionKey, definition, service }
  const functionName = readFunctionName(owner)
  const { ConsumerGroupId: group } = config
  return {
    functionKey,
    functionName,
    topic,
    ...(isFields(managed)
      ? { eventSource: 'aws:kafka' as const, eventSourceArn: arnOf(properties.EventSourceArn) }
      : { eventSource: 'SelfManagedKafka' as const }),
    groupId: typeof group === 'string' ? group : `${functionName}-${topic}`,
    timeoutMs: readTimeout(owner, fail),
    ...readBatching(properties, fail),
    ...readErrorHandling(properties, topic, fail),
  }
}

/** Whether a property of a template refers to the function with a key. */
function isFunctionOf(value: unknown, key: string): boolean {
  const logicalId = `${functionToken(key)}LambdaFunction`
  if (!isFields(value)) return value === key
  const { 'Fn::GetAtt': attribute, Ref: ref } = value
  return ref === logicalId || (Array.isArray(attribute) && attribute[0] === logicalId)
}

/** An ARN, made up if only a deployment knows it. */
function arnOf(value: unknown): string {
  return typeof value === 'string' ? value : 'arn:aws:kafka:us-east-1:000000000000:cluster/local/local'
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

// The logical ids that osls gives to event source mappings (its lib/plugins/aws/lib/naming.js).

export function mskLogicalId(functionKey: string, cluster: string, topic: string): string {
  const names = alphanumeric(cluster).slice(0, 79) + alphanumeric(topic).slice(0, 79)
  return `${functionToken(functionKey)}EventSourceMappingMSK${names}`
}

export function kafkaLogicalId(functionKey: string, topic: string): string {
  return `${functionToken(functionKey)}EventSourceMappingKafka${alphanumeric(topic).slice(0, 158)}`
}

const functionToken = (key: string): string =>
  upperFirst(key.replace(/-/g, 'Dash').replace(/_/g, 'Underscore'))
const alphanumeric = (name: string): string => upperFirst(name.replace(/[^0-9A-Za-z]/g, ''))
const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

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

/** CloudFormation gives the timestamp as Unix time in seconds. */
function readStartingPosition(position: unknown, timestamp: unknown, fail: Fail): StartingPosition {
  if (position === 'LATEST') return { at: position }
  if (position === undefined || position === 'TRIM_HORIZON') return { at: 'TRIM_HORIZON' }
  if (position !== 'AT_TIMESTAMP') {
    return fail(
      `startingPosition must be LATEST, TRIM_HORIZON or AT_TIMESTAMP, not ${JSON.stringify(position)}`,
    )
  }
  if (typeof timestamp !== 'number' || timestamp < 0) {
    return fail('startingPosition AT_TIMESTAMP needs startingPositionTimestamp, in seconds')
  }
  return { at: position, timestamp: timestamp * 1000 }
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

type OnFailure = { destination?: string; topic?: string }

/** Returns the on-failure destination, and its topic if it is `kafka://topic`: only that can be written locally. */
function readOnFailure(destinationConfig: unknown, topic: string, fail: Fail): OnFailure {
  const onFailure = isFields(destinationConfig) ? destinationConfig.OnFailure : undefined
  const destination = isFields(onFailure) ? onFailure.Destination : undefined
  if (destination === undefined) return {}
  // An intrinsic such as Fn::GetAtt of a queue: a destination, but one that does not exist here.
  if (typeof destination !== 'string') return { destination: JSON.stringify(destination) }
  if (!destination.startsWith('kafka://')) return { destination }
  const name = destination.slice('kafka://'.length)
  if (name === '' || name === topic) return fail(`the on-failure topic must be another topic than ${topic}`)
  return { destination, topic: name }
}

/** Returns the name that goes into the logical id, and an ARN, made up if only the deployment knows it. */
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

type Bounds = { name: string; min: number; max: number; fail: Fail }

/** Reads a whole number, which CloudFormation also takes as text. Returns undefined if there is none. */
function readInteger(value: unknown, { name, min, max, fail }: Bounds): number | undefined {
  if (value === undefined || value === null) return undefined
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) {
    return fail(`${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(value)}`)
  }
  return number
}

/** Reads a limit for which -1, or none, means no limit; returns that as Infinity. */
function readLimit(value: unknown, bounds: Bounds): number {
  if (Number(value) === -1) return Number.POSITIVE_INFINITY
  return readInteger(value, bounds) ?? Number.POSITIVE_INFINITY
}

/** kafkajs assigns the topics of a group to each of its members, so one group cannot serve two mappings. */
function sharedGroups(mappings: Mapping[]): string[] {
  const groups = Map.groupBy(mappings, ({ groupId }) => groupId)
  return [...groups]
    .filter(([, users]) => users.length > 1)
    .map(([groupId, users]) => {
      const names = users.map(({ functionKey, topic }) => `${functionKey} (${topic})`)
      return `${names.join(' and ')} share the consumer group ${groupId}: give each its own consumerGroupId`
    })
}
