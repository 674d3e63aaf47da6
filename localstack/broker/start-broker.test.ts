import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fetchApi } from './apis/fetch.ts'
import { startBrokerWorker } from './start-broker-worker.ts'
import { buildBatch } from './testing/build-batch.ts'
import {
  call,
  connectTo,
  createTopic,
  frame,
  produce,
  receive,
  send,
  startTestBroker,
} from './testing/call-api.ts'
import { temporaryDirectory } from './testing/temporary-directory.ts'
import { errorCodes } from './wire/error-codes.ts'

const fetchRequest = (changes: { minBytes?: number; maxWaitMs?: number; fetchOffset?: number } = {}) => ({
  maxWaitMs: changes.maxWaitMs ?? 0,
  minBytes: changes.minBytes ?? 1,
  maxBytes: 1_000_000,
  isolationLevel: 0,
  topics: [
    { name: 't', partitions: [{ index: 0, fetchOffset: changes.fetchOffset ?? 0, maxBytes: 1_000_000 }] },
  ],
})

describe('the broker', () => {
  it('rejects with the code of the system if the port is in use', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0

    await expect(startTestBroker({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await expect(startBrokerWorker({ port, dataDir: temporaryDirectory() })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })

  it('refuses a data directory that another broker uses', async () => {
    const dataDir = temporaryDirectory()
    await startTestBroker({ dataDir })

    await expect(startTestBroker({ dataDir })).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' })
  })

  it('closes a connection that sends garbage and serves the others', async () => {
    const broker = await startTestBroker()
    const good = await connectTo(broker)
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const bad = await connectTo(broker)
      bad.send(attempt % 2 === 0 ? randomBytes(200) : frame(1, 4, 1, randomBytes(30)))
      expect(await Promise.race([bad.next(), createTopic(good)])).not.toBeNull()
    }

    const metadata = await createTopic(good)

    expect(metadata.topics[0]?.name).toBe('t')
  })

  it('returns UNSUPPORTED_VERSION for an API or a version that it does not have', async () => {
    const client = await connectTo(await startTestBroker())

    client.send(frame(9_999, 0, 7, Buffer.alloc(4)))
    client.send(frame(0, 99, 8, Buffer.alloc(4)))

    const responses = [await client.next(), await client.next()]
    expect(responses.map((response) => [response?.readInt32BE(0), response?.readInt16BE(4)])).toEqual([
      [7, errorCodes.UNSUPPORTED_VERSION],
      [8, errorCodes.UNSUPPORTED_VERSION],
    ])
  })

  it('returns version 0 and the list for a version of ApiVersions that is too new', async () => {
    const client = await connectTo(await startTestBroker())

    client.send(frame(18, 99, 5, Buffer.from([0, 1, 2, 3])))
    const response = await client.next()

    expect(response?.readInt16BE(4)).toBe(errorCodes.UNSUPPORTED_VERSION)
    expect(response?.readInt32BE(6)).toBeGreaterThan(20)
    expect(response?.length).toBe(10 + 6 * (response?.readInt32BE(6) ?? 0))
  })

  it('sends the responses to pipelined requests in the same sequence', async () => {
    const client = await connectTo(await startTestBroker())
    await createTopic(client)

    send(client, fetchApi, 4, fetchRequest({ maxWaitMs: 50 }))
    client.send(frame(18, 0, 2, Buffer.alloc(0)))

    expect((await client.next())?.readInt32BE(0)).toBe(1)
    expect((await client.next())?.readInt32BE(0)).toBe(2)
  })

  it('completes a waiting fetch when enough bytes were appended', async () => {
    const broker = await startTestBroker()
    const [producer, consumer] = [await connectTo(broker), await connectTo(broker)]
    await createTopic(producer)
    const batch = buildBatch()

    send(consumer, fetchApi, 4, fetchRequest({ maxWaitMs: 3_600_000, minBytes: batch.length * 2 }))
    await produce(producer, Buffer.from(batch))
    await produce(producer, Buffer.from(batch))
    const fetched = await receive(consumer, fetchApi, 4)

    expect(fetched.topics[0]?.partitions[0]?.records).toHaveLength(batch.length * 2)
  })

  it('returns the start and the end of the log if an offset is out of range', async () => {
    const client = await connectTo(await startTestBroker())
    await createTopic(client)

    const fetched = await call(client, fetchApi, 7, fetchRequest({ fetchOffset: 5 }))

    expect(fetched.topics[0]?.partitions[0]).toMatchObject({
      errorCode: errorCodes.OFFSET_OUT_OF_RANGE,
      highWatermark: 0,
      logStartOffset: 0,
    })
  })
})
