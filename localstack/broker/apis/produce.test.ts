import { describe, expect, it } from 'vitest'
import { startBroker } from '../start-broker.ts'
import { buildBatch } from '../testing/build-batch.ts'
import { connectTo, createTopic, produce, send, startTestBroker } from '../testing/call-api.ts'
import { temporaryDirectory } from '../testing/temporary-directory.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { produceApi } from './produce.ts'

describe('producing', () => {
  it('drops a repeated batch of an idempotent producer, also after a restart', async () => {
    const dataDir = temporaryDirectory()
    const first = await startBroker({ port: 0, dataDir })
    const batch = (baseSequence: number) => buildBatch({ producerId: 5, producerEpoch: 0, baseSequence })
    const client = await connectTo(first)
    await createTopic(client)
    const results = [
      await produce(client, batch(0)),
      await produce(client, batch(0)),
      await produce(client, batch(1)),
    ]
    await first.stop()

    const again = await connectTo(await startTestBroker({ dataDir }))
    results.push(
      await produce(again, batch(1)),
      await produce(again, batch(3)),
      await produce(again, batch(2)),
    )

    expect(results.map((result) => [result?.errorCode, result?.baseOffset])).toEqual([
      [0, 0],
      [0, 0],
      [0, 1],
      [0, 1],
      [errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER, -1],
      [0, 2],
    ])
  })

  it.each([
    { what: 'a checksum that is wrong', records: corrupted(), error: errorCodes.CORRUPT_MESSAGE },
    {
      what: 'a batch that is cut off',
      records: buildBatch().subarray(0, 65),
      error: errorCodes.INVALID_RECORD,
    },
    { what: 'no records', records: Buffer.alloc(0), error: errorCodes.INVALID_RECORD },
    {
      what: 'the old message format',
      records: oldFormat(),
      error: errorCodes.INVALID_RECORD,
    },
    {
      what: 'two batches',
      records: Buffer.concat([buildBatch(), buildBatch()]),
      error: errorCodes.INVALID_RECORD,
    },
    {
      what: 'a transactional batch',
      records: buildBatch({ attributes: 16 }),
      error: errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    },
    { what: 'too large a batch', records: large(), error: errorCodes.MESSAGE_TOO_LARGE },
  ])('refuses $what and stores nothing', async ({ records, error }) => {
    const client = await connectTo(await startTestBroker())
    await createTopic(client)

    const refused = await produce(client, Buffer.from(records))
    const accepted = await produce(client, buildBatch())

    expect(refused?.errorCode).toBe(error)
    expect(accepted).toMatchObject({ errorCode: 0, baseOffset: 0 })
  })

  it('closes the connection of a producer that waits for no acknowledgement and is refused', async () => {
    const broker = await startTestBroker()
    const client = await connectTo(broker)
    await createTopic(client)

    send(client, produceApi, 7, {
      transactionalId: null,
      acks: 0,
      timeoutMs: 1_000,
      topics: [{ name: 't', partitions: [{ index: 0, records: corrupted() }] }],
    })
    const refused = await client.next()
    const accepted = await produce(await connectTo(broker), buildBatch())

    expect(refused).toBeUndefined()
    expect(accepted).toMatchObject({ errorCode: 0, baseOffset: 0 })
  })

  it('refuses transactions and impossible acks', async () => {
    const client = await connectTo(await startTestBroker())
    await createTopic(client)

    const transactional = await produce(client, buildBatch(), { transactionalId: 'tx' })
    const impossible = await produce(client, buildBatch(), { acks: 2 })

    expect(transactional?.errorCode).toBe(errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    expect(impossible?.errorCode).toBe(errorCodes.INVALID_REQUIRED_ACKS)
  })
})

function corrupted(): Buffer {
  const batch = buildBatch()
  batch.writeUInt8(batch.readUInt8(batch.length - 1) ^ 1, batch.length - 1)
  return batch
}

function oldFormat(): Buffer {
  const batch = buildBatch()
  batch.writeInt8(1, 16)
  return batch
}

function large(): Buffer {
  return buildBatch({ values: ['x'.repeat(1_100_000)] })
}
