import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readSignedSince } from './read-signed-since.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewire-signed-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('every record of a new folder is signed, whenever it starts again', async () => {
  const dataDir = join(folder, 'new')

  expect(await readSignedSince(dataDir)).toBe('')
  await mkdir(join(dataDir, 'kafka'))
  expect(await readSignedSince(dataDir)).toBe('')
})

test('the records of an earlier version count up to the first start of this one', async () => {
  await mkdir(join(folder, 'kafka'))

  expect(await readSignedSince(folder, () => new Date(1000))).toBe('1970-01-01T00:00:01.000Z')
  expect(await readSignedSince(folder, () => new Date(2000))).toBe('1970-01-01T00:00:01.000Z')
})
