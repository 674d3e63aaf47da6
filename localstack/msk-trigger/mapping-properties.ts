import type { Mapping, Service, StartingPosition } from './mapping.ts'

/** Part of a resolved service. */
export type Fields = Record<string, unknown>

/** A value that Lambda or CloudFormation would refuse. */
export class BadMapping extends Error {
  readonly code = 'BAD_MAPPING'
}

/** Throws a `BadMapping` that says where the value is. */
export type Fail = (problem: string) => never

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type Settings = Pick<
  Mapping,
  | 'batchSize'
  | 'windowMs'
  | 'startingPosition'
  | 'reportBatchItemFailures'
  | 'bisect'
  | 'maxRetries'
  | 'maxRecordAgeMs'
  | 'onFailureTopic'
>

type Reading = {
  readonly topic: string
  readonly fail: Fail
  /** How the reader of the message calls a property, if not by its name in CloudFormation. */
  readonly nameOf?: (property: string) => string
}

/**
 * Reads what the properties of an `AWS::Lambda::EventSourceMapping` say of batches and failures. Defaults and bounds:
 * https://docs.aws.amazon.com/lambda/latest/dg/msk-esm-parameters.html
 * @throws BadMapping at the first bad value.
 */
export function readSettings(properties: Fields, reading: Reading): Settings {
  refuseOthers(properties, reading)
  return { ...readBatching(properties, reading), ...readErrorHandling(properties, reading) }
}

/** Whether Lambda polls at all. */
export function isEnabled({ Enabled }: Fields, { fail, nameOf = same }: Reading): boolean {
  return readBoolean(Enabled, true, nameOf('Enabled'), fail)
}

/** The name of a function in the account. */
export function readFunctionName(functionKey: string, definition: Fields, service: Service): string {
  if (typeof definition.name === 'string') return definition.name
  const stage = isFields(service.provider) ? service.provider.stage : undefined
  return `${service.service}-${typeof stage === 'string' ? stage : 'dev'}-${functionKey}`
}

/** The timeout of a function in milliseconds: its own, that of the provider, or the framework's default. */
export function readTimeout(definition: Fields, service: Service, fail: Fail): number {
  const inherited = isFields(service.provider) ? service.provider.timeout : undefined
  const timeout = definition.timeout ?? inherited
  return (readInteger(timeout, { name: 'timeout', min: 1, max: 900, fail }) ?? 6) * 1000
}

/** The logical id that osls gives to a function begins with this (its lib/plugins/aws/lib/naming.js). */
export const functionToken = (key: string): string =>
  upperFirst(key.replace(/-/g, 'Dash').replace(/_/g, 'Underscore'))

export const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const same = (property: string): string => property

// Properties of an event source mapping that Lambda takes of other sources only.
const OF_OTHER_SOURCES = ['ParallelizationFactor', 'TumblingWindowInSeconds', 'ScalingConfig', 'Queues']

function refuseOthers(properties: Fields, { fail, nameOf = same }: Reading): void {
  const other = OF_OTHER_SOURCES.find((name) => properties[name] !== undefined)
  if (other !== undefined) fail(`${nameOf(other)} is not for Kafka`)
  // Half of a filter would pass records to the function that it never gets in the cloud.
  if (properties.FilterCriteria) fail(`${nameOf('FilterCriteria')} are not emulated: filter in the function`)
  const { ProvisionedPollerConfig: pollers } = properties
  if (isFields(pollers)) checkPollers(pollers, fail)
  else if (pollers !== undefined) fail('ProvisionedPollerConfig must be an object')
}

/** Pollers are not emulated: a consumer reads as fast as the function takes it. What is asked for must be possible. */
function checkPollers(
  { MinimumPollers, MaximumPollers, PollerGroupName: group = '' }: Fields,
  fail: Fail,
): void {
  const least = readInteger(MinimumPollers, { name: 'MinimumPollers', min: 1, max: 200, fail }) ?? 1
  const most = readInteger(MaximumPollers, { name: 'MaximumPollers', min: 1, max: 2000, fail }) ?? 200
  if (least > most) fail(`MinimumPollers (${least}) is above MaximumPollers (${most})`)
  if (typeof group !== 'string' || !/^[\w-]{0,128}$/.test(group))
    fail(`PollerGroupName must be up to 128 letters, digits, "-" and "_", not ${JSON.stringify(group)}`)
}

function readBatching(properties: Fields, { fail, nameOf = same }: Reading) {
  const { BatchSize, MaximumBatchingWindowInSeconds: window } = properties
  const windowName = nameOf('MaximumBatchingWindowInSeconds')
  const seconds = readInteger(window, { name: windowName, min: 0, max: 300, fail })
  return {
    batchSize: readInteger(BatchSize, { name: nameOf('BatchSize'), min: 1, max: 10_000, fail }) ?? 100,
    windowMs: seconds === undefined ? 500 : seconds * 1000,
    startingPosition: readStartingPosition(properties, { fail, nameOf }),
  }
}

/** CloudFormation gives the timestamp as Unix time in seconds. */
function readStartingPosition(
  { StartingPosition: position, StartingPositionTimestamp: timestamp }: Fields,
  { fail, nameOf }: { fail: Fail; nameOf: (property: string) => string },
): StartingPosition {
  if (position === 'LATEST' || position === 'TRIM_HORIZON') return { at: position }
  const name = nameOf('StartingPosition')
  if (position !== 'AT_TIMESTAMP')
    return fail(
      position === undefined
        ? `${name} is missing: LATEST, TRIM_HORIZON or AT_TIMESTAMP`
        : `${name} must be LATEST, TRIM_HORIZON or AT_TIMESTAMP, not ${JSON.stringify(position)}`,
    )
  if (typeof timestamp !== 'number' || timestamp < 0)
    return fail(`${name} AT_TIMESTAMP needs ${nameOf('StartingPositionTimestamp')}, in seconds`)
  return { at: position, timestamp: timestamp * 1000 }
}

/** Bounds: https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html */
function readErrorHandling(properties: Fields, { topic, fail }: Reading) {
  const { MaximumRetryAttempts: retries, MaximumRecordAgeInSeconds: age } = properties
  const { FunctionResponseTypes: types = [], BisectBatchOnFunctionError: bisect } = properties
  if (!Array.isArray(types) || types.some((type) => type !== 'ReportBatchItemFailures'))
    return fail(
      `FunctionResponseTypes must be a list of ReportBatchItemFailures, not ${JSON.stringify(types)}`,
    )
  const { destination, topic: onFailureTopic } = readOnFailure(properties.DestinationConfig, topic, fail)
  const maxRetries = readLimit(retries, { name: 'MaximumRetryAttempts', min: 0, max: 10_000, fail })
  return {
    reportBatchItemFailures: types.length > 0,
    bisect: readBoolean(bisect, false, 'BisectBatchOnFunctionError', fail),
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

/** Reads true or false, which CloudFormation also takes as text. */
function readBoolean(value: unknown, otherwise: boolean, name: string, fail: Fail): boolean {
  if (value === undefined || value === null) return otherwise
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  return fail(`${name} must be true or false, not ${JSON.stringify(value)}`)
}
