import { expect, test } from 'vitest'
import { countingDynamodb } from '#shared/testing/dynamodb/counting-dynamodb.ts'
import { PutCommand } from './commands.ts'
import { dynamoRevocationStore } from './dynamo-revocation-store.ts'
import { joinedReads } from './joined-reads.ts'

const meta = (connection: string) => ({ connection, item: 'meta' })
const row = (channel: string) => ({ channel, subscriber: 's' })

async function open() {
  const counter = countingDynamodb()
  const put = (TableName: string, Item: object) => counter.client.send(new PutCommand({ TableName, Item }))
  for (const name of ['a', 'b', 'c']) {
    await put('connections', { ...meta(name), name })
    await put('subscriptions', { ...row(name), name })
  }
  counter.reset()
  return { counter, read: joinedReads(counter.client) }
}
const namesOf = (items: readonly Readonly<Record<string, unknown>>[]) => items.map(({ name }) => name).sort()

test('reads of one turn are one request, and each gets its own items', async () => {
  const { counter, read } = await open()

  const [first, second, third] = await Promise.all([
    read('connections', [meta('a'), meta('b'), meta('missing')]),
    read('subscriptions', [row('b')]),
    read('connections', [meta('b'), meta('c')]),
  ])

  expect([namesOf(first), namesOf(second), namesOf(third)]).toEqual([['a', 'b'], ['b'], ['b', 'c']])
  expect(counter.calls()).toEqual([{ command: 'BatchGet', table: 'connections subscriptions' }])
})

test('more than 100 keys are read in as many requests as it takes', async () => {
  const { counter, read } = await open()
  const many = Array.from({ length: 120 }, (_, index) => row(`none ${index}`))

  const [rows, metas] = await Promise.all([
    read('subscriptions', [...many, row('a')]),
    read('connections', [meta('c')]),
  ])

  expect([namesOf(rows), namesOf(metas)]).toEqual([['a'], ['c']])
  expect(counter.calls()).toHaveLength(3)
})

test('what fails is told to every reader, and the next turn reads again', async () => {
  const { counter, read } = await open()
  const { send } = counter.client
  counter.client.send = () => Promise.reject(new Error('throttled'))

  const failed = await Promise.allSettled([
    read('connections', [meta('a')]),
    read('subscriptions', [row('a')]),
  ])
  counter.client.send = send

  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(namesOf(await read('connections', [meta('a')]))).toEqual(['a'])
})

test('what is revoked is asked for at most once in two seconds, however often it is used', async () => {
  const { counter } = await open()
  let time = 1_000_000
  const store = dynamoRevocationStore(counter.client, { table: 'connections', now: () => time })
  for (let use = 0; use < 100; use++) await Promise.all([store.current(), store.since('ada')])
  expect(counter.calls()).toHaveLength(1)

  time += 1999
  await store.current()
  expect(counter.calls()).toHaveLength(1)
  time += 1
  await store.current()
  expect(counter.calls().map(({ command }) => command)).toEqual(['BatchGet', 'BatchGet'])
})
