import { describe, expect, test } from 'vitest'
import { readEnvironment } from './environment.ts'

const { RETENTION: _, LOCAL: __, ...CLOUD } = process.env

describe('the environment of a function', () => {
  test('keeps events for 7 days where nothing else is set', () => {
    expect(readEnvironment(CLOUD).retention.ofTopic('events')).toBe(7 * 86_400)
  })

  test('is that of the local stack only where LOCAL=1 says so, whatever endpoints are set', () => {
    expect(readEnvironment({ ...CLOUD, DYNAMODB_ENDPOINT: 'http://127.0.0.1:8000' }).isLocal).toBe(false)
    expect(readEnvironment({ ...CLOUD, LOCAL: '1' }).isLocal).toBe(true)
  })

  test('names the shard of each function that delivers', () => {
    const { deliverShards } = readEnvironment({ ...CLOUD, DELIVER_SHARDS: 'a-deliver=0,a-deliver1=1' })

    expect([...deliverShards]).toEqual([
      ['a-deliver', 0],
      ['a-deliver1', 1],
    ])
  })

  test.each([
    ['LOG_TABLE', ''],
    ['RETENTION', '7'],
    ['RETENTION', '7d,market-ticks=1s'],
    ['LONG_POLL', '21'],
    ['LOCAL', 'yes'],
    ['DELIVER_SHARDS', 'a-deliver'],
    ['KAFKA_AUTH', ''],
    ['RECORD_SECRET', 'short,as-short,'],
    ['RECORD_SECRET_2', 'short'],
    ['RECORD_SECRET', ''],
  ])('is refused with the name of what is wrong: %s=%j', (name, value) => {
    expect(() => readEnvironment({ ...CLOUD, [name]: value })).toThrow(name)
  })

  test('has a secret where Kafka wants a password', () => {
    const scram = { ...CLOUD, KAFKA_AUTH: 'scram-sha-512' }

    expect(() => readEnvironment(scram)).toThrow('KAFKA_SECRET_ARN')
    expect(readEnvironment({ ...scram, KAFKA_SECRET_ARN: 'arn' }).kafka).toMatchObject({ secretArn: 'arn' })
  })

  test('has secrets of records with every character in them, of which the first one signs', () => {
    const RECORD_SECRET = 'half-of-a-secret,another-half, [v1]'
    const RECORD_SECRET_2 = 'the-one-before,it-was-longer'

    expect(readEnvironment({ ...CLOUD, RECORD_SECRET }).recordSecrets.fixed).toEqual([RECORD_SECRET])
    expect(readEnvironment({ ...CLOUD, RECORD_SECRET, RECORD_SECRET_2 }).recordSecrets.fixed).toEqual([
      RECORD_SECRET,
      RECORD_SECRET_2,
    ])
  })

  test('says of a secret of records that is too short how long it is at least', () => {
    expect(() => readEnvironment({ ...CLOUD, RECORD_SECRET: 'short' })).toThrow(
      'RECORD_SECRET: must be one secret of at least 16 characters',
    )
  })

  test('is refused with every variable that is missing', () => {
    expect(() => readEnvironment({})).toThrow(
      /LOG_TABLE[\s\S]*GATEWAY_ENDPOINT[\s\S]*STATS_FUNCTION[\s\S]*AUDIT_FUNCTION/,
    )
  })
})
