import { expect, test } from 'vitest'
import * as z from 'zod'
import { mappingFields, mappingSettings } from './mapping-settings.ts'

const schema = z.object(mappingFields)
const read = (values: Readonly<Record<string, unknown>>, canShare = true) =>
  mappingSettings(schema.parse(values), canShare)

const DEFAULTS = {
  batchSize: 500,
  windowSeconds: 0,
  retries: -1,
  ageSeconds: -1,
  isBisecting: false,
  onFailure: null,
  metrics: ['ErrorCount'],
  pollers: { minimum: 1, maximum: 10 },
}

test('the defaults are provisioned pollers that wait for no batch', () => {
  expect(read({})).toEqual(DEFAULTS)
  expect(read({ pollers: 'provisioned', batchWindow: 'auto', mappingMetrics: 'auto' })).toEqual(DEFAULTS)
})

test('mappings that cannot share pollers have them on demand, unless it is said otherwise', () => {
  const onDemand = { ...DEFAULTS, windowSeconds: null, metrics: [], pollers: null }

  expect(read({}, false)).toEqual(onDemand)
  expect(read({ pollers: 'on-demand' })).toEqual(onDemand)
  expect(read({ pollers: 'provisioned' }, false)).toEqual(DEFAULTS)
})

test('each parameter is read, as text or as a number', () => {
  const settings = read({
    minPollers: 20,
    batchSize: '10000',
    batchWindow: '300',
    batchRetries: 0,
    batchAge: '604800',
    batchBisect: true,
    onFailure: 'kafka://prod.given-up',
    mappingMetrics: 'EventCount, KafkaMetrics',
  })

  expect(settings).toEqual({
    batchSize: 10_000,
    windowSeconds: 300,
    retries: 0,
    ageSeconds: 604_800,
    isBisecting: true,
    onFailure: 'kafka://prod.given-up',
    metrics: ['EventCount', 'KafkaMetrics'],
    pollers: { minimum: 20, maximum: 20 },
  })
  expect(read({ maxPollers: 2000, mappingMetrics: 'none' })).toMatchObject({
    metrics: [],
    pollers: { minimum: 1, maximum: 2000 },
  })
})

test.each([
  'arn:aws:sqs:eu-central-1:123456789012:given-up',
  'arn:aws-cn:sns:cn-north-1:123456789012:given-up',
  'arn:aws:s3:::given-up',
])('%s is a destination of pollers on demand too', (onFailure) => {
  expect(read({ onFailure, pollers: 'on-demand' })).toMatchObject({ onFailure })
})

test.each([
  ['pollers', 'many', 'must be auto, provisioned or on-demand, not "many"'],
  ['minPollers', 201, 'must be a whole number from 1 to 200, not "201"'],
  ['maxPollers', '0', 'must be a whole number from 1 to 2000, not "0"'],
  ['batchSize', '1.5', 'must be a whole number from 1 to 10000, not "1.5"'],
  ['batchWindow', '500ms', 'must be auto, or whole seconds from 0 to 300, not "500ms"'],
  ['batchRetries', -2, 'must be -1 (without end), or a whole number up to 10000, not "-2"'],
  ['batchAge', 59, 'must be -1 (never too old), or whole seconds from 60 to 604800, not "59"'],
  ['batchBisect', 'yes', 'must be true or false, not "yes"'],
  [
    'onFailure',
    'arn:aws:lambda:eu-central-1:123456789012:function:f',
    'must be the ARN of an SQS queue, an SNS topic or an S3 bucket, or kafka://topic, not "arn:aws:lambda:eu-central-1:123456789012:function:f"',
  ],
  ['mappingMetrics', 'Lag', 'must be auto, none, or some of EventCount,ErrorCount,KafkaMetrics, not "Lag"'],
])('%s may not be %s', (name, value, message) => {
  const { error } = schema.safeParse({ [name]: value })

  expect(error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([[name, message]])
})

test('what only provisioned pollers have is refused with pollers on demand, in a line each', () => {
  const values = {
    pollers: 'on-demand',
    minPollers: 1,
    maxPollers: 1,
    batchRetries: 3,
    batchAge: 60,
    batchBisect: 'true',
    mappingMetrics: 'EventCount',
    onFailure: 'kafka://given-up',
  }

  expect(() => read(values)).toThrow(
    [
      'minPollers: needs pollers=provisioned',
      'maxPollers: needs pollers=provisioned',
      'batchRetries: needs pollers=provisioned',
      'batchAge: needs pollers=provisioned',
      'batchBisect: needs pollers=provisioned',
      'mappingMetrics: needs pollers=provisioned',
      'onFailure: needs pollers=provisioned, or a queue, an SNS topic or a bucket',
    ].join('\n'),
  )
})

test('the least pollers cannot be more than the most', () => {
  expect(() => read({ minPollers: 3, maxPollers: 2 })).toThrow('minPollers: is above maxPollers (2)')
})
