import { expect, it } from 'vitest'
import { buildBatch } from '../testing/build-batch.ts'
import { call, connectTo, createTopic, produce, startTestBroker } from '../testing/call-api.ts'
import { temporaryDirectory } from '../testing/temporary-directory.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { metadataApi } from './cluster.ts'
import { describeLogDirsApi } from './describe-log-dirs.ts'

it('a mistyped topic is created by no request for its metadata and by no record', async () => {
  const client = await connectTo(await startTestBroker())
  const request = { topics: [{ name: 't' }, { name: 'a b' }], allowAutoTopicCreation: true }

  const asked = await call(client, metadataApi, 4, request)
  const produced = await produce(client, buildBatch())
  const all = await call(client, metadataApi, 4, { topics: null, allowAutoTopicCreation: true })

  expect(asked.topics.map(({ errorCode }) => errorCode)).toEqual([
    errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
    errorCodes.INVALID_TOPIC_EXCEPTION,
  ])
  expect(produced?.errorCode).toBe(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
  expect(all.topics).toEqual([])
})

it('DescribeLogDirs has the bytes of each partition, and those that are asked for', async () => {
  const dataDir = temporaryDirectory()
  const client = await connectTo(await startTestBroker({ dataDir }))
  await createTopic(client)
  const batch = buildBatch()
  await produce(client, batch)

  const all = await call(client, describeLogDirsApi, 1, { topics: null })
  const asked = {
    topics: [
      { name: 't', partitions: [0, 7] },
      { name: 'u', partitions: [0] },
    ],
  }
  const some = await call(client, describeLogDirsApi, 1, asked)

  const topics = [
    { name: 't', partitions: [{ index: 0, bytes: batch.length, offsetLag: 0, isFuture: false }] },
  ]
  expect(all.results).toMatchObject([{ errorCode: 0, directory: dataDir, topics }])
  expect(some.results[0]?.topics).toEqual(topics)
})
