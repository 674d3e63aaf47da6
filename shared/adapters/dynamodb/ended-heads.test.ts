import { expect, test } from 'vitest'
import { parseRetention } from '#shared/core/retention.ts'
import { TINY_TABLES, tinyDynamodb } from '#shared/testing/dynamodb/tiny-dynamodb.ts'
import { PutCommand } from './commands.ts'
import { dynamoEventStore } from './dynamo-event-store.ts'

test('a renewal of an epoch that died halfway is completed by the worker that cannot advance a head', async () => {
  const { client } = tinyDynamodb()
  const send = client.send.bind(client)
  let dies = false
  const mortal = Object.assign(Object.create(client), {
    send: (command: Parameters<typeof send>[0]) =>
      dies && command instanceof PutCommand ? Promise.reject(new Error('died')) : send(command),
  })
  const options = { table: TINY_TABLES.log, retention: parseRetention('7d') }
  const [dying, store] = [dynamoEventStore(mortal, options), dynamoEventStore(client, options)]
  const { epoch } = await store.topic('t')
  const stream = { topic: 't', epoch, partition: 0 }
  const head = (offset: number) => ({ offset, first: 0, timestamp: 1000 + offset })
  await store.advance(stream, head(5), undefined)
  dies = true
  await expect(dying.renewEpoch('t', epoch)).rejects.toThrow('died')
  expect(await store.topic('t')).toEqual({ epoch, heads: new Map([[0, head(5)]]) })

  expect(await store.advance(stream, head(6), head(5))).toBe(false)

  const renewed = await store.topic('t')
  expect(renewed.epoch > epoch).toBe(true)
  expect(renewed.heads).toEqual(new Map())
  expect(await store.advance({ ...stream, epoch: renewed.epoch }, head(0), undefined)).toBe(true)
})
