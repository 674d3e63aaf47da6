import { expect, test } from 'vitest'
import { unpackRecords } from '#shared/pipeline/archive/archive-file.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { makeContext, makeMskEvent } from '#shared/testing/functions/lambda-events.ts'
import { memoryArchive } from '#shared/testing/memory/memory-archive.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { composeArchive, createArchive } from './archive.ts'
import { catalogOf } from './lib/compose.ts'
import { readEnvironment } from './lib/environment.ts'

const REMAINING_MS = 60_000
const KEY = 'events/0/00000000000000000000-00000000000000000001.ndjson.gz'
const env = readEnvironment({ ...process.env, ARCHIVE_BUCKET: 'archive' })
const batch = makeMskEvent(
  'events',
  ['e1', 'e2'].map((id) => makeEvent(id, { category: 'tests.a' })),
)

function createWorld() {
  const archive = memoryArchive()
  const deps = {
    ...composeArchive(env),
    archive,
    claims: memoryClaimStore(),
    decode: recordDecoder(catalogOf(env), () => 'signed'),
  }
  return { archive, deps }
}

test('a batch is in the archive before it is acknowledged', async () => {
  const { archive, deps } = createWorld()

  expect(await createArchive(deps)(batch, makeContext(REMAINING_MS))).toEqual({ batchItemFailures: [] })

  expect(archive.keys()).toEqual([KEY])
  const { bytes } = (await archive.get(KEY)) ?? { bytes: new Uint8Array() }
  expect(unpackRecords(bytes)).toMatchObject([
    { topic: 'events', partition: 0, offset: 0, timestamp: 1000, event: { id: 'e1' } },
    { topic: 'events', partition: 0, offset: 1, timestamp: 1001, event: { id: 'e2' } },
  ])
})

test('what the archive does not take comes again, from its first record', async () => {
  const { archive, deps } = createWorld()
  const put = () => Promise.reject(new Error('S3 refused'))

  expect(
    await createArchive({ ...deps, archive: { ...archive, put } })(batch, makeContext(REMAINING_MS)),
  ).toEqual({ batchItemFailures: [{ itemIdentifier: { partition: 'events-0', offset: 0 } }] })
})
