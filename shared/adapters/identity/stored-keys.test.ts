import { beforeEach, describe, expect, test, vi } from 'vitest'
import { memorySigningKeyStore } from '#shared/testing/memory/memory-signing-key-store.ts'
import { OLDEST_COPY_MS, storedKeys } from './stored-keys.ts'

const ISSUER = 'https://issuer.example.com/pool'
const BEGIN = Date.parse('2026-11-27T12:00:00Z')

let time: number
beforeEach(() => {
  time = BEGIN
  vi.spyOn(console, 'error').mockImplementation(() => {})
})

function createWorld() {
  const store = memorySigningKeyStore()
  const find = vi.spyOn(store, 'find')
  /** The issuer publishes these keys, and they are copied now. */
  const copy = (...kids: readonly string[]) =>
    store.save(ISSUER, {
      jwks: JSON.stringify({ keys: kids.map((kid) => ({ kid, kty: 'RSA' })) }),
      copied: time,
    })
  const keys = storedKeys(store, { issuer: ISSUER, now: () => time })
  /** Looks the key of a token up that was issued so many milliseconds before now. */
  const look = async (kid: string | undefined, agoMs = 0) => {
    const payload = { iat: Math.floor((time - agoMs) / 1000) }
    const token = { header: { alg: 'RS256', ...(kid && { kid }) }, payload }
    return (await keys.getJwk('', token as Parameters<typeof keys.getJwk>[1])).kid
  }
  return { find, copy, look }
}

const UNAVAILABLE = { code: 'unavailable', retryAfterSeconds: 30 }
const NO_SUCH_KEY = 'the issuer has no such key'
const LONG_AGO_MS = 600_000

describe('the keys in the store', () => {
  test('are read once in a minute, also by concurrent requests', async () => {
    const { copy, look, find } = createWorld()
    await copy('k1')

    expect(await Promise.all([look('k1'), look('k1')])).toEqual(['k1', 'k1'])
    time += 60_000
    await look('k1')
    expect(find).toHaveBeenCalledTimes(1)
    time += 1
    await look('k1')
    expect(find).toHaveBeenCalledTimes(2)
  })

  test('follow the issuer: a new key is known 3 s after its copy, and one that was withdrawn ends in a minute', async () => {
    const { copy, look } = createWorld()
    await copy('k1')
    await look('k1')

    time += 10_000
    await copy('k1', 'k2')
    expect(await look('k2')).toBe('k2')
    expect(await look('k1', LONG_AGO_MS)).toBe('k1')

    time += 10_000
    await copy('k2')
    time += 60_001
    await expect(look('k1', LONG_AGO_MS)).rejects.toThrow(NO_SUCH_KEY)
    expect(await look('k2')).toBe('k2')
  })

  test('are not known of a token with an unknown key that is newer than the copy', async () => {
    const { copy, look, find } = createWorld()
    await copy('k1')
    await look('k1')
    time += 5000

    await expect(look('k2')).rejects.toMatchObject(UNAVAILABLE)
    await copy('k1', 'k2')
    time += 2000
    await expect(look('k2')).rejects.toMatchObject(UNAVAILABLE)
    time += 1001
    expect(await look('k2')).toBe('k2')
    expect(find).toHaveBeenCalledTimes(3)
  })

  test.each([
    ['was issued before the copy', LONG_AGO_MS],
    ['was issued in the future', -LONG_AGO_MS],
    ['has no time', Number.NaN],
  ])('say that a token with an unknown key is not valid that %s', async (_, agoMs) => {
    const { copy, look } = createWorld()
    await copy('k1')

    await expect(look('k2', agoMs)).rejects.toThrow(NO_SUCH_KEY)
  })

  test('ask the store at most every 3 s for keys that nobody has', async () => {
    const { copy, look, find } = createWorld()
    await copy('k1')
    for (let guess = 0; guess < 100; guess++)
      await expect(look(`guess-${guess}`, LONG_AGO_MS)).rejects.toThrow(NO_SUCH_KEY)

    expect(find).toHaveBeenCalledTimes(1)
  })

  test('are not known before there is a copy, and then at once after 3 s', async () => {
    const { copy, look } = createWorld()

    await expect(look('k1')).rejects.toMatchObject(UNAVAILABLE)
    await copy('k1')
    time += 3001
    expect(await look('k1')).toBe('k1')
  })

  test('are not known if the last copy is from yesterday', async () => {
    const { copy, look } = createWorld()
    await copy('k1')
    time += OLDEST_COPY_MS
    expect(await look('k1')).toBe('k1')
    time += 1
    await expect(look('k1')).rejects.toMatchObject(UNAVAILABLE)
  })

  test('stay known while the store cannot be read', async () => {
    const { copy, look, find } = createWorld()
    find.mockRejectedValueOnce(new Error('down'))
    await expect(look('k1')).rejects.toThrow('down')
    time += 3001
    await copy('k1')
    await look('k1')
    find.mockRejectedValue(new Error('down'))
    time += LONG_AGO_MS

    expect(await look('k1')).toBe('k1')
  })

  test('are not asked for a token that names none', async () => {
    const { look, find } = createWorld()

    await expect(look(undefined)).rejects.toThrow('names no key')
    expect(find).not.toHaveBeenCalled()
  })
})
