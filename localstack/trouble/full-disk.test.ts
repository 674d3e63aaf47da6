import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, it, onTestFinished } from 'vitest'
import { deleteRecordsApi } from '../broker/apis/list-offsets.ts'
import { offsetCommitApi } from '../broker/apis/offsets.ts'
import { createTopicsApi } from '../broker/apis/topics.ts'
import { startBroker } from '../broker/start-broker.ts'
import { buildBatch } from '../broker/testing/build-batch.ts'
import { call, connectTo, createTopic, produce, startTestBroker } from '../broker/testing/call-api.ts'
import { errorCodes } from '../broker/wire/error-codes.ts'
import { startDynamodb } from '../dynamodb/start-dynamodb.ts'

/** A file system of 4 MB, which only root can mount, on Linux. */
function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'ignore' })
    return folder
  } catch {
    rmSync(folder, { recursive: true })
    return undefined
  }
}

function unmount(folder: string): void {
  execFileSync('umount', ['--lazy', folder])
  rmSync(folder, { recursive: true, force: true })
}

const probe = mountSmallDisk()
if (probe) unmount(probe)
else process.stdout.write('skipping the tests of a full disk: only root can mount a small one, on Linux\n')

/** A small disk for the current test, what fills it, and what frees it again. */
function smallDisk() {
  const folder = mountSmallDisk() ?? ''
  onTestFinished(() => unmount(folder))
  const filler = join(folder, 'filler')
  return {
    dataDir: join(folder, 'data'),
    fill() {
      try {
        writeFileSync(filler, Buffer.alloc(8 * 1024 * 1024))
      } catch {
        // It took all that was left.
      }
    },
    free: () => rmSync(filler, { force: true }),
  }
}

describe.skipIf(!probe)('a full disk', () => {
  it('is told by the broker, which refuses what it cannot store, and goes on when there is space', async () => {
    const disk = smallDisk()
    const lines: string[] = []
    const broker = await startBroker({ port: 0, dataDir: disk.dataDir, log: (line) => lines.push(line) })
    const client = await connectTo(broker)
    await createTopic(client)
    const large = () => buildBatch({ values: ['x'.repeat(100_000)] })
    const commit = async () => {
      const topics = [{ name: 't', partitions: [{ index: 0, offset: 1, metadata: 'x'.repeat(4000) }] }]
      const request = { groupId: 'g', generationId: -1, memberId: '', topics }
      const response = await call(client, offsetCommitApi, 6, request)
      return response.topics[0]?.partitions[0]?.errorCode
    }
    const create = async (name: string) => {
      const topic = { name, partitions: 1, replicationFactor: 1, assignments: [], configs: [] }
      const request = { topics: [topic], timeoutMs: 1_000, validateOnly: false }
      return (await call(client, createTopicsApi, 4, request)).topics[0]?.errorCode
    }
    const forget = async () => {
      const topics = [{ name: 't', partitions: [{ index: 0, offset: 1 }] }]
      const response = await call(client, deleteRecordsApi, 1, { topics, timeoutMs: 1_000 })
      return response.topics[0]?.partitions[0]?.errorCode
    }
    const before = await produce(client, large())

    disk.fill()
    const full = [await produce(client, large()), await produce(client, large())]
    const others = [await create('late'), await forget(), await commit()]
    disk.free()
    const after = [await produce(client, large()), await produce(client, large())]
    const othersAfter = [await create('late'), await forget(), await commit()]
    await broker.stop()
    const again = await connectTo(await startTestBroker({ dataDir: disk.dataDir }))
    const next = await produce(again, buildBatch())

    expect(before).toMatchObject({ errorCode: 0, baseOffset: 0 })
    expect(full.map((result) => result?.errorCode)).toEqual([
      errorCodes.KAFKA_STORAGE_ERROR,
      errorCodes.KAFKA_STORAGE_ERROR,
    ])
    const { KAFKA_STORAGE_ERROR, NOT_COORDINATOR } = errorCodes
    expect(others).toEqual([KAFKA_STORAGE_ERROR, KAFKA_STORAGE_ERROR, NOT_COORDINATOR])
    expect(after.map((result) => result?.baseOffset)).toEqual([1, 2])
    expect(othersAfter).toEqual([0, 0, 0])
    expect(next?.baseOffset).toBe(3)
    expect(lines).toEqual([
      `Kafka: cannot write to ${disk.dataDir}: the disk is full; records are refused until it can; what was acknowledged is kept`,
      `Kafka: writes to ${disk.dataDir} again`,
    ])
  })

  it('is told by the tables, which refuse writes, go on reading, and write when there is space', async () => {
    const disk = smallDisk()
    const lines: string[] = []
    execFileSync('mkdir', [disk.dataDir])
    const options = { port: 0, dataDir: disk.dataDir, log: (line: string) => lines.push(line) }
    const server = await startDynamodb(options)
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    const connect = (endpoint: string) =>
      new DynamoDBClient({ endpoint, region: 'local', credentials, maxAttempts: 1 })
    const client = connect(server.endpoint)
    const TableName = 'measures'
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    )
    const put = (id: string) =>
      client.send(
        new PutItemCommand({ TableName, Item: { id: { S: id }, text: { S: 'x'.repeat(200_000) } } }),
      )
    const has = async (id: string, of = client) =>
      (await of.send(new GetItemCommand({ TableName, Key: { id: { S: id } } }))).Item !== undefined
    await put('before')

    disk.fill()
    const full = [await put('full').catch((error) => error), await put('full').catch((error) => error)]
    const read = await has('before')
    disk.free()
    await put('after')
    client.destroy()
    await server.stop()
    const second = await startDynamodb(options)
    onTestFinished(() => second.stop())
    const again = connect(second.endpoint)
    const found = [await has('before', again), await has('full', again), await has('after', again)]
    again.destroy()

    expect(full).toMatchObject([
      {
        name: 'InternalServerError',
        message: expect.stringContaining('The local tables cannot be written: the disk'),
      },
      {
        name: 'InternalServerError',
        message: expect.stringContaining('The local tables cannot be written: the disk'),
      },
    ])
    expect(read).toBe(true)
    expect(found).toEqual([true, false, true])
    expect(lines).toEqual([
      expect.stringMatching(
        /^DynamoDB: cannot write to .*: the disk .*full; writes are refused with InternalServerError/,
      ),
      `DynamoDB: writes to ${disk.dataDir} again`,
    ])
  })

  it('on which the tables cannot be opened ends the start with one line', async () => {
    const disk = smallDisk()
    execFileSync('mkdir', [disk.dataDir])
    disk.fill()

    const starting = startDynamodb({ port: 0, dataDir: disk.dataDir, log: () => {} })

    await expect(starting).rejects.toThrow(
      /^The tables in .*tables\.sqlite cannot be opened: the disk .*full/,
    )
  })
})
