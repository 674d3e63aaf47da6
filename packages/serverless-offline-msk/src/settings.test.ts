import { expect, test } from 'vitest'
import { readSettings } from './settings.ts'

const defaults = {
  brokers: null,
  kafkaPort: 9092,
  dataDir: '.serverless-offline-msk',
  partitions: 1,
  topics: {},
}

test('every setting has a default, and a variable without a value is none', () => {
  expect(readSettings(undefined)).toEqual(defaults)
  expect(readSettings({ brokers: '', kafkaPort: '', partitions: null, topics: null })).toEqual(defaults)
})

test('numbers may be text, and brokers may be a list or text with commas', () => {
  expect(readSettings({ kafkaPort: '9192', partitions: '3', topics: { orders: '6' } })).toEqual({
    ...defaults,
    kafkaPort: 9192,
    partitions: 3,
    topics: { orders: 6 },
  })
  expect(readSettings({ brokers: 'a:9092, b:9092' }).brokers).toEqual(['a:9092', 'b:9092'])
  expect(readSettings({ brokers: ['a:9092'] }).brokers).toEqual(['a:9092'])
})

test('every bad setting is listed', () => {
  const bad = {
    brokers: 'kafka://a',
    kafkaPort: 70_000,
    partitions: 0,
    topics: { orders: 'x' },
    dataDir: 5,
    port: 1,
  }

  expect(() => readSettings(bad)).toThrow(
    [
      'custom.serverless-offline-msk:',
      '  port is no setting; there are brokers, kafkaPort, dataDir, partitions, topics',
      '  dataDir must be the path of a folder',
      '  brokers must be host:port, not "kafka://a"',
      '  kafkaPort must be a whole number from 1 to 65535, not 70000',
      '  partitions must be a whole number from 1 to 1000, not 0',
      '  topics.orders must be a whole number from 1 to 1000, not "x"',
    ].join('\n'),
  )
  expect(() => readSettings('brokers')).toThrow('must be an object')
})
