import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { call, connectTo, startTestBroker } from '../testing/call-api.ts'
import { MalformedRequestError, Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import type { defineApi } from './api.ts'
import * as cluster from './cluster.ts'
import * as configs from './configs.ts'
import * as logDirs from './describe-log-dirs.ts'
import * as quorum from './describe-quorum.ts'
import * as dispatch from './dispatch.ts'
import * as fetch from './fetch.ts'
import * as groups from './groups.ts'
import * as listOffsets from './list-offsets.ts'
import * as membership from './membership.ts'
import * as offsets from './offsets.ts'
import * as produce from './produce.ts'
import * as topics from './topics.ts'

type Api = ReturnType<typeof defineApi>

const files = [
  produce,
  fetch,
  listOffsets,
  cluster,
  topics,
  configs,
  membership,
  offsets,
  groups,
  logDirs,
  quorum,
  dispatch,
]
const apis = files
  .flatMap((file): unknown[] => Object.values(file))
  .filter((one): one is Api => typeof one === 'object' && one !== null && 'flexibleFrom' in one)

const versions = apis.flatMap((api) => {
  const [min, max] = api.versions
  return Array.from({ length: max - min + 1 }, (_, index) => {
    const version = min + index
    return { api, title: `${api.name} v${version}`, wire: { version, flexible: version >= api.flexibleFrom } }
  })
})

// Mostly small numbers, so that lengths are plausible and the reader gets past the first field.
const byte = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 3 }) },
  fc.integer({ min: 0, max: 255 }),
)
const bodies = fc.array(byte, { maxLength: 200 }).map((bytes) => Buffer.from(bytes))

it('the tested APIs are all that the broker lists', async () => {
  const client = await connectTo(await startTestBroker())

  const listed = await call(client, dispatch.apiVersionsApi, 0, {})

  expect(apis.map(({ key }) => key).sort()).toEqual(listed.apis.map(({ key }) => key).sort())
})

describe.each(versions)('a request of $title', ({ api, wire }) => {
  it('is either read, and then written and read again the same, or refused as malformed', () => {
    const codec = api.request as {
      read(reader: Reader): unknown
      write(writer: Writer, value: unknown): void
    }

    fc.assert(
      fc.property(bodies, (body) => {
        const value = readOrRefuse(() => codec.read(new Reader(body, wire)))
        if (value === undefined) return
        const writer = new Writer(wire)
        codec.write(writer, value)
        const again = codec.read(new Reader(Buffer.concat(writer.finish()), wire))
        expect(again).toEqual(value)
      }),
      { numRuns: 50 },
    )
  })
})

function readOrRefuse(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedRequestError)
    return undefined
  }
}
