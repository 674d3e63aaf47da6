import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startBroker } from '../broker/start-broker.ts'
import { buildBatch } from '../broker/testing/build-batch.ts'
import { connectTo, createTopic, produce } from '../broker/testing/call-api.ts'
import { temporaryDirectory } from '../broker/testing/temporary-directory.ts'
import { startDynamodb } from '../dynamodb/start-dynamodb.ts'
import { readPool } from '../identity/respond-with-groups.ts'
import { readSignedSince } from '../read-signed-since.ts'

/** A broker's folder with a topic, two records, and an offset mark. Returns it, and the folder of the partition. */
async function fillBroker(): Promise<{ dataDir: string; partition: string }> {
  const dataDir = temporaryDirectory()
  const broker = await startBroker({ port: 0, dataDir })
  const client = await connectTo(broker)
  await createTopic(client)
  await produce(client, buildBatch({ values: ['a', 'b'] }))
  await broker.stop()
  const [id = ''] = readdirSync(join(dataDir, 'topics'))
  return { dataDir, partition: join(dataDir, 'topics', id, '0') }
}

/** The content of every file under a folder. */
function contentOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => statSync(join(folder, name)).isFile())
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'latin1')]))
}

async function problemOf(starting: Promise<{ stop(): Promise<unknown> } | string>): Promise<string> {
  try {
    const started = await starting
    if (typeof started !== 'string') onTestFinished(async () => void (await started.stop()))
    return 'it started'
  } catch (error) {
    return (error as Error).message
  }
}

describe('a damaged file of the broker is named in one line, and nothing is thrown away', () => {
  it.each<{ what: string; file: string; content: string; says: string }>([
    {
      what: 'a cluster file that is cut off',
      file: 'cluster.json',
      content: '{"clusterId": "x',
      says: 'no JSON',
    },
    { what: 'an empty cluster file', file: 'cluster.json', content: '', says: 'no JSON' },
    { what: 'a cluster file with an array', file: 'cluster.json', content: '[]', says: 'no JSON object' },
    { what: 'a cluster file of something else', file: 'cluster.json', content: '{}', says: 'its members' },
    {
      what: 'a cluster file with half a topic',
      file: 'cluster.json',
      content: '{"clusterId":"x","nextProducerId":0,"topics":[{"name":"t"}]}',
      says: 'its members',
    },
    {
      what: 'committed offsets that are no JSON',
      file: 'offsets.jsonl',
      content: 'garbage\n',
      says: 'line 1',
    },
    {
      what: 'committed offsets with a line that is no change',
      file: 'offsets.jsonl',
      content: '{"removeTopic":"t"}\n5\n',
      says: 'line 2',
    },
    {
      what: 'committed offsets without an offset',
      file: 'offsets.jsonl',
      content: '{"group":"g","commit":[{"topic":"t","partition":0}]}\n',
      says: 'line 1',
    },
  ])('$what', async ({ file, content, says }) => {
    const { dataDir } = await fillBroker()
    writeFileSync(join(dataDir, file), content)
    const before = contentOf(dataDir)

    const problem = await problemOf(startBroker({ port: 0, dataDir }))

    expect(problem).toContain(`${join(dataDir, file)} is damaged: `)
    expect(problem).toContain(says)
    expect(problem).not.toContain('\n')
    expect(contentOf(dataDir)).toEqual(before)
  })

  it('a start of a partition that is no offset', async () => {
    const { dataDir, partition } = await fillBroker()
    writeFileSync(join(partition, 'log-start-offset'), 'NaN')

    const problem = await problemOf(startBroker({ port: 0, dataDir }))

    expect(problem).toContain(
      `${join(partition, 'log-start-offset')} is damaged: it is no offset. Delete the file`,
    )
  })

  it('a cluster file that is missing although there are records, which are not taken for those of deleted topics', async () => {
    const { dataDir } = await fillBroker()
    const kept = readFileSync(join(dataDir, 'cluster.json'))
    unlinkSync(join(dataDir, 'cluster.json'))

    const problem = await problemOf(startBroker({ port: 0, dataDir }))
    writeFileSync(join(dataDir, 'cluster.json'), kept)
    const broker = await startBroker({ port: 0, dataDir })
    onTestFinished(() => broker.stop())
    const next = await produce(await connectTo(broker), buildBatch())

    expect(problem).toContain(
      `${join(dataDir, 'cluster.json')} is damaged: it is missing. Put a copy of it back`,
    )
    expect(next).toMatchObject({ errorCode: 0, baseOffset: 2 })
  })

  it('an index, which is made again', async () => {
    const { dataDir, partition } = await fillBroker()
    const index = join(partition, '00000000000000000000.index')
    writeFileSync(index, 'garbage')
    const lines: string[] = []

    const broker = await startBroker({ port: 0, dataDir, log: (line) => lines.push(line) })
    onTestFinished(() => broker.stop())
    const next = await produce(await connectTo(broker), buildBatch())

    expect(next).toMatchObject({ errorCode: 0, baseOffset: 2 })
    expect(lines).toEqual([])
  })

  it('a segment that is damaged in its middle: what is cut off is kept beside it', async () => {
    const { dataDir, partition } = await fillBroker()
    const segment = join(partition, '00000000000000000000.log')
    const good = readFileSync(segment)
    const bad = Buffer.from(good)
    bad.writeUInt8(bad.readUInt8(bad.length - 1) ^ 1, bad.length - 1)
    const damaged = Buffer.concat([bad, good])
    writeFileSync(segment, damaged)
    const lines: string[] = []

    const broker = await startBroker({ port: 0, dataDir, log: (line) => lines.push(line) })
    onTestFinished(() => broker.stop())

    expect(lines.at(-1)).toContain(
      `cut ${damaged.length} torn or corrupt bytes off ${segment}, which are kept in `,
    )
    expect(readFileSync(join(partition, '00000000000000000000.cut-at-0'))).toEqual(damaged)
  })
})

describe('a damaged file of the other parts is named in one line', () => {
  it.each([
    { what: 'no database', content: 'this is no database'.repeat(100) },
    { what: 'a database without its pages', content: `SQLite format 3\0${'\xff'.repeat(2000)}` },
  ])('the tables: $what', async ({ content }) => {
    const dataDir = temporaryDirectory()
    const file = join(dataDir, 'tables.sqlite')
    writeFileSync(file, content, 'latin1')

    const problem = await problemOf(startDynamodb({ port: 0, dataDir, log: () => {} }))

    expect(problem).toContain(`${file} is damaged: `)
    expect(problem).not.toContain('\n')
    expect(readFileSync(file, 'latin1')).toBe(content)
  })

  it('the tables, if their file is a folder', async () => {
    const dataDir = temporaryDirectory()
    const file = join(dataDir, 'tables.sqlite')
    mkdirSync(file)

    const problem = await problemOf(startDynamodb({ port: 0, dataDir, log: () => {} }))

    expect(problem).toBe(
      `The tables in ${file} cannot be opened: unable to open database file. Mend that and start again.`,
    )
  })

  it.each(['', '{"Users":', '[]', '{"Users":[1]}', '{"Groups":"x"}'])('the users: %s', (content) => {
    const file = join(temporaryDirectory(), 'pool.json')
    writeFileSync(file, content)

    expect(() => readPool(file)).toThrow(`${file} is damaged: `)
  })

  it.each(['yesterday', '5', '{}'])('since when records are signed: %s', async (content) => {
    const dataDir = temporaryDirectory()
    writeFileSync(join(dataDir, 'signed-since'), content)

    const problem = await problemOf(readSignedSince(dataDir))

    expect(problem).toContain(`${join(dataDir, 'signed-since')} is damaged: it is no time. Delete it`)
  })

  it('the data folder itself, if it is a file', async () => {
    const file = join(temporaryDirectory(), 'data')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, '')

    expect(await problemOf(readSignedSince(file))).toContain(`${file} cannot be used as a folder`)
    expect(await problemOf(startBroker({ port: 0, dataDir: file }))).toContain(
      `${file} cannot be used as a folder`,
    )
    expect(existsSync(file)).toBe(true)
  })
})
