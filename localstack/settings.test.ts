import { expect, test } from 'vitest'
import { readSettings } from './settings.ts'

const read = (env: Record<string, string>) => readSettings(env, { hasDemo: false })

test.each([
  ['HTTP_PORT', '70000'],
  ['CONNECTION_SECONDS', 'abc'],
  ['SHARDS', '0'],
  ['SHARDS', '1.5'],
  ['SHARDS', '17'],
  ['LOG_LEVEL', 'debug'],
  ['LOG_LEVEL', ''],
  ['KAFKA_BROKERS', 'nonsense'],
  ['KAFKA_BROKERS', '127.0.0.1:0'],
  ['KAFKA_BROKERS', '127.0.0.1:9092,'],
  ['KAFKA_BROKERS', 'http://127.0.0.1:9092'],
  ['DYNAMODB_ENDPOINT', '127.0.0.1'],
  ['DYNAMODB_ENDPOINT', 'localhost:8000'],
  ['GATEWAY_ENDPOINT', 'x'],
  ['PUBLIC_URL', 'x'],
])('quiet failures: %s=%s is refused by one line that names both', (name, value) => {
  const start = `${name}=${value} is not `
  expect(() => read({ [name]: value })).toThrow(start)
})

test('every wrong setting has its line', () => {
  expect(() => read({ SHARDS: '0', LOG_LEVEL: 'loud', PUBLIC_URL: 'x' })).toThrow(
    /^SHARDS.+\nLOG_LEVEL.+\nPUBLIC_URL.+$/,
  )
})

test('brokers are listed with or without spaces, and an endpoint that is empty is none', () => {
  const settings = read({
    KAFKA_BROKERS: 'kafka-1:9092, [::1]:9093',
    DYNAMODB_ENDPOINT: '',
    GATEWAY_ENDPOINT: '',
  })
  expect(settings.kafkaBrokers).toEqual(['kafka-1:9092', '[::1]:9093'])
  expect([settings.dynamodbEndpoint, settings.gatewayEndpoint]).toEqual([null, null])
  expect(read({ KAFKA_BROKERS: '' }).kafkaBrokers).toBeNull()
})
