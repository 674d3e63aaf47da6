import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { ApiKey } from '#shared/pipeline/keys/key-store.ts'
import { memoryKeyStore } from '#shared/testing/memory/memory-key-store.ts'
import { keyIdentity } from './key-identity.ts'

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex')
const NOW = 1_000_000
const KEY: ApiKey = {
  id: 'ci',
  role: 'publisher',
  scopes: ['publish:port.**', 'source:urn:shop', 'act-for-others'],
  secrets: [
    { hash: hashOf('new'), issued: 20 },
    { hash: hashOf('old'), issued: 10, until: NOW + 1000 },
  ],
  created: 10,
  createdBy: 'ada',
  version: 1,
}

let time: number
beforeEach(() => {
  time = NOW
})

async function createWorld(key: Partial<ApiKey> = {}) {
  const store = memoryKeyStore()
  await store.add({ ...KEY, ...key })
  const reads = vi.spyOn(store, 'findBySecret')
  return { store, reads, byKey: keyIdentity(store, { now: () => time }) }
}

describe('an API key', () => {
  test('is a principal with its role, grants and sources, and the time at which its secret was issued', async () => {
    const { byKey } = await createWorld()

    expect(await byKey('new')).toEqual({
      kind: 'key',
      name: 'key:ci',
      role: 'publisher',
      grants: [{ actions: 'publish', channels: 'port.**', types: '**' }],
      sources: ['urn:shop'],
      actsForOthers: true,
      issued: 20,
    })
  })

  test.each(['', 'guess', hashOf('new'), 'x'.repeat(10_000)])('is not %j', async (secret) => {
    const { byKey } = await createWorld()

    expect(await byKey(secret)).toBeNull()
  })

  test('ends with its key and with its secret, whichever is first', async () => {
    const { byKey } = await createWorld({ expires: NOW + 2000 })

    expect(await byKey('new')).toMatchObject({ issued: 20, expires: NOW + 2000 })
    expect(await byKey('old')).toMatchObject({ issued: 10, expires: NOW + 1000 })
    time = NOW + 1000
    expect(await byKey('old')).toBeNull()
    expect(await byKey('new')).not.toBeNull()
    time = NOW + 2000
    expect(await byKey('new')).toBeNull()
  })

  test('is refused 3 s after it was revoked, wherever it is known', async () => {
    const { store, byKey } = await createWorld()
    await byKey('new')
    await store.replace({ ...KEY, revoked: NOW, version: 2 })

    time += 2999
    expect(await byKey('new')).not.toBeNull()
    time += 1
    expect(await byKey('new')).toBeNull()
  })

  test('is looked up once in 3 s, also by concurrent requests, and also if nobody has it', async () => {
    const { reads, byKey } = await createWorld()

    await Promise.all([byKey('new'), byKey('new'), byKey('guess'), byKey('guess')])
    await byKey('guess')

    expect(reads).toHaveBeenCalledTimes(2)
  })

  test('is looked up again after a read that failed', async () => {
    const { reads, byKey } = await createWorld()
    reads.mockRejectedValueOnce(new Error('throttled'))

    await expect(byKey('new')).rejects.toThrow('throttled')
    expect(await byKey('new')).toMatchObject({ name: 'key:ci' })
  })

  test('that nobody has is remembered for a bounded number of guesses', async () => {
    const { reads, byKey } = await createWorld()
    for (let n = 0; n < 1500; n++) await byKey(`guess-${n}`)
    reads.mockClear()

    await byKey('guess-1499')
    await byKey('guess-0')

    expect(reads).toHaveBeenCalledTimes(1)
  })

  test('notes its use once a minute, and works if that fails', async () => {
    const { store, byKey } = await createWorld()
    await byKey('new')
    time += 30_000
    await byKey('new')
    expect((await store.uses()).get('ci')).toBe(NOW)
    time += 30_000
    await byKey('new')
    expect((await store.uses()).get('ci')).toBe(NOW + 60_000)

    const onError = vi.fn()
    const failing = keyIdentity(
      { ...store, use: () => Promise.reject(new Error('throttled')) },
      { now: () => time, onError },
    )
    expect(await failing('new')).toMatchObject({ name: 'key:ci' })
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce())
  })
})
