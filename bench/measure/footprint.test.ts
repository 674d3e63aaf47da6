import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { footprintOf } from './footprint.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewire-footprint-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('a data folder is counted by its parts, with the segments below them', async () => {
  await mkdir(join(folder, 'kafka', 'events-0'), { recursive: true })
  await mkdir(join(folder, 'dynamodb'))
  await writeFile(join(folder, 'kafka', 'events-0', '00000000000000000000.log'), Buffer.alloc(100_000, 1))
  await writeFile(join(folder, 'dynamodb', 'tables.sqlite'), Buffer.alloc(1_000_000, 1))

  const { megabytes, segments } = await footprintOf(folder)

  expect(megabytes.get('kafka')).toBeCloseTo(0.1, 1)
  expect(megabytes.get('dynamodb')).toBeCloseTo(1, 1)
  expect(segments).toBe(1)
})

it('a folder that is not there takes nothing', async () => {
  expect(await footprintOf(join(folder, 'none'))).toEqual({ megabytes: new Map(), segments: 0 })
})
