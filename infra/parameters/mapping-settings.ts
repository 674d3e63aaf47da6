import * as z from 'zod'

/** How Lambda reads the topics: the same for every mapping. */
export type MappingSettings = {
  /** The most records of one invocation. */
  readonly batchSize: number
  /** How long records are gathered before an invocation; null is Lambda's own half a second. */
  readonly windowSeconds: number | null
  /** Retries of a batch that failed; -1 is without end. */
  readonly retries: number
  /** Records that are older are given up; -1 is never. */
  readonly ageSeconds: number
  /** Whether a batch that failed is retried in halves. */
  readonly isBisecting: boolean
  /** Where batches that are given up are reported: the ARN of a queue, a topic of SNS, a bucket, or `kafka://topic`. */
  readonly onFailure: string | null
  readonly metrics: readonly string[]
  /** Of each mapping. Null are pollers on demand. */
  readonly pollers: { readonly minimum: number; readonly maximum: number } | null
}

/** The parameters of serverless.yml that make the settings. */
export const MAPPING_PARAMETERS = [
  'pollers',
  'minPollers',
  'maxPollers',
  'batchSize',
  'batchWindow',
  'batchRetries',
  'batchAge',
  'batchBisect',
  'onFailure',
  'mappingMetrics',
] as const

// https://docs.aws.amazon.com/lambda/latest/dg/msk-esm-parameters.html has the bounds.
const BATCH_SIZE = 500
const MOST_RETRIES = 10_000
const SHORTEST_AGE = 60
const LONGEST_AGE = 604_800
const MIN_POLLERS = 1
/** More pollers than partitions of a topic have nothing to do. */
const MAX_POLLERS = 10
const METRICS = ['EventCount', 'ErrorCount', 'KafkaMetrics'] as const
const DESTINATION =
  /^(kafka:\/\/[\w.-]{1,249}|arn:[\w-]+:(sqs|sns):[\w-]+:\d{12}:[\w.-]+|arn:[\w-]+:s3:::[\w.-]+)$/

const text = z.coerce.string().trim().default('')

/** A whole number for which `accepts` is true; null if none is given. */
const whole = (accepts: (value: number) => boolean, message: string) =>
  text.transform((value, context) => {
    if (value === '') return null
    const number = Number(value)
    if (Number.isInteger(number) && accepts(number)) return number
    context.addIssue({ code: 'custom', message: `${message}, not ${JSON.stringify(value)}` })
    return z.NEVER
  })
const between = (least: number, most: number) =>
  whole((value) => value >= least && value <= most, `must be a whole number from ${least} to ${most}`)

const oneOf = <const T extends string>(values: readonly T[], otherwise: T) =>
  text.transform((value, context): T => {
    const found = value === '' ? otherwise : values.find((one) => one === value)
    if (found !== undefined) return found
    context.addIssue({
      code: 'custom',
      message: `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}, not ${JSON.stringify(value)}`,
    })
    return z.NEVER
  })

const metrics = text.transform((value, context): readonly string[] | null => {
  if (value === '' || value === 'auto') return null
  if (value === 'none') return []
  const names = value.split(',').map((name) => name.trim())
  if (names.every((name) => METRICS.some((known) => known === name))) return [...new Set(names)]
  context.addIssue({
    code: 'custom',
    message: `must be auto, none, or some of ${METRICS.join(',')}, not ${JSON.stringify(value)}`,
  })
  return z.NEVER
})

const onFailure = text.transform((value, context) => {
  if (value === '') return null
  if (DESTINATION.test(value)) return value
  context.addIssue({
    code: 'custom',
    message: `must be the ARN of an SQS queue, an SNS topic or an S3 bucket, or kafka://topic, not ${JSON.stringify(value)}`,
  })
  return z.NEVER
})

/** The fields of the parameters, for the schema of a stage. */
export const mappingFields = {
  pollers: oneOf(['auto', 'provisioned', 'on-demand'], 'auto'),
  minPollers: between(1, 200),
  maxPollers: between(1, 2000),
  batchSize: between(1, 10_000),
  batchWindow: z.preprocess(
    (value) => (value === 'auto' ? '' : value),
    whole((value) => value >= 0 && value <= 300, 'must be auto, or whole seconds from 0 to 300'),
  ),
  batchRetries: whole(
    (value) => value >= -1 && value <= MOST_RETRIES,
    `must be -1 (without end), or a whole number up to ${MOST_RETRIES}`,
  ),
  batchAge: whole(
    (value) => value === -1 || (value >= SHORTEST_AGE && value <= LONGEST_AGE),
    `must be -1 (never too old), or whole seconds from ${SHORTEST_AGE} to ${LONGEST_AGE}`,
  ),
  batchBisect: oneOf(['true', 'false'], 'false'),
  onFailure,
  mappingMetrics: metrics,
}

type Fields = { readonly [Name in keyof typeof mappingFields]: z.infer<(typeof mappingFields)[Name]> }

/**
 * The settings of the mappings. `canShare` is whether mappings may share pollers, which they may in a VPC only: without
 * that every mapping pays for pollers of its own, so `auto` are pollers on demand there. What is documented for provisioned
 * pollers alone is not asked of the others. Throws an error with a line for each parameter that does not fit the others.
 */
export function mappingSettings(fields: Fields, canShare: boolean): MappingSettings {
  const isProvisioned = fields.pollers === 'provisioned' || (fields.pollers === 'auto' && canShare)
  const { batchWindow, batchRetries, batchAge, minPollers, maxPollers, mappingMetrics } = fields
  const problems = isProvisioned ? [] : provisionedOnly(fields)
  const minimum = minPollers ?? MIN_POLLERS
  const maximum = maxPollers ?? Math.max(MAX_POLLERS, minimum)
  if (minimum > maximum) problems.push(`minPollers: is above maxPollers (${maximum})`)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return {
    batchSize: fields.batchSize ?? BATCH_SIZE,
    windowSeconds: batchWindow ?? (isProvisioned ? 0 : null),
    retries: batchRetries ?? -1,
    ageSeconds: batchAge ?? -1,
    isBisecting: fields.batchBisect === 'true',
    onFailure: fields.onFailure,
    metrics: mappingMetrics ?? (isProvisioned ? ['ErrorCount'] : []),
    pollers: isProvisioned ? { minimum, maximum } : null,
  }
}

function provisionedOnly(fields: Fields): string[] {
  const given = {
    minPollers: fields.minPollers !== null,
    maxPollers: fields.maxPollers !== null,
    batchRetries: (fields.batchRetries ?? -1) !== -1,
    batchAge: (fields.batchAge ?? -1) !== -1,
    batchBisect: fields.batchBisect === 'true',
    mappingMetrics: (fields.mappingMetrics ?? []).length > 0,
    onFailure: fields.onFailure?.startsWith('kafka://') ?? false,
  }
  const names = Object.entries(given).flatMap(([name, isGiven]) => (isGiven ? [name] : []))
  return names.map(
    (name) =>
      `${name}: needs pollers=provisioned${name === 'onFailure' ? ', or a queue, an SNS topic or a bucket' : ''}`,
  )
}
