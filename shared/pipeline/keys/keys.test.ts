import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { parseScopes } from '#shared/core/access/grants.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryKeyStore } from '#shared/testing/memory/memory-key-store.ts'
import { memoryRevocationStore } from '#shared/testing/memory/memory-revocation-store.ts'
import { createKey, listKeys, revokeKey, rotateKey } from './keys.ts'
import { readGrace, readKeyRequest } from './read-key-request.ts'

const ADMIN = makePrincipal({ name: 'ada', role: 'admin' })
const CI = { id: 'ci', role: 'publisher', scopes: ['publish:port.**', 'source:urn:shop'] } as const
const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex')

function createWorld() {
  let time = 1_000_000
  const keys = memoryKeyStore()
  const revocations = memoryRevocationStore(() => time)
  const deps = { keys, revocations, now: () => time }
  /** What the secret of a key is worth now. */
  const holds = async (secret: string) => {
    const key = await keys.findBySecret(hashOf(secret))
    const found = key?.secrets.find(({ hash }) => hash === hashOf(secret))
    return (
      found !== undefined && key?.revoked === undefined && (found.until ?? Number.POSITIVE_INFINITY) > time
    )
  }
  return {
    keys,
    revocations,
    deps,
    holds,
    pass: (ms: number) => {
      time += ms
    },
  }
}

describe('a key', () => {
  test('has a secret of 256 random bits, which is shown once and never stored', async () => {
    const { keys, deps, holds } = createWorld()

    const { secret, ...key } = await createKey(CI, ADMIN, deps)

    expect(secret).toMatch(/^tw_[\w-]{49}$/)
    expect(key).toEqual({
      ...CI,
      name: 'key:ci',
      created: '1970-01-01T00:16:40.000Z',
      createdBy: 'ada',
    })
    expect(await holds(secret)).toBe(true)
    expect(JSON.stringify([await keys.list(), await listKeys(deps)])).not.toContain(secret)
  })

  test('takes an id once, also after it was revoked', async () => {
    const { deps } = createWorld()
    await createKey(CI, ADMIN, deps)
    await revokeKey('ci', deps)

    await expect(createKey(CI, ADMIN, deps)).rejects.toMatchObject({ code: 'conflict' })
  })

  test('is refused if a source belongs to another key, and leaves nothing behind', async () => {
    const { keys, deps } = createWorld()
    await createKey(CI, ADMIN, deps)
    const second = { ...CI, id: 'other', scopes: ['source:urn:free', 'source:urn:shop'] }

    await expect(createKey(second, ADMIN, deps)).rejects.toThrow('"urn:shop" belongs to the key "ci"')

    expect(await keys.find('other')).toBeNull()
    expect(await keys.sourceOwner('urn:free')).toBeNull()
    await revokeKey('ci', deps)
    expect(await createKey(second, ADMIN, deps)).toMatchObject({ id: 'other' })
    expect(await keys.sourceOwner('urn:shop')).toBe('other')
  })

  test('takes over the source of a key whose revocation was cut off before the source was free', async () => {
    const { keys, deps } = createWorld()
    await createKey(CI, ADMIN, deps)
    const key = await keys.find('ci')
    if (key) await keys.replace({ ...key, revoked: 1, version: 2 })

    await createKey({ ...CI, id: 'next' }, ADMIN, deps)

    expect(await keys.sourceOwner('urn:shop')).toBe('next')
  })

  test('that is revoked is on the list of revocations, and is shown so', async () => {
    const { revocations, deps, holds } = createWorld()
    const { secret } = await createKey(CI, ADMIN, deps)

    const { revoked } = await revokeKey('ci', deps)

    expect(revoked).toBe('1970-01-01T00:16:40.000Z')
    expect(await holds(secret)).toBe(false)
    expect(await revocations.since('key:ci')).toBe(1_000_000)
    expect(await listKeys(deps)).toMatchObject([{ id: 'ci', revoked }])
    await expect(rotateKey({ id: 'ci', graceMs: 0 }, ADMIN, deps)).rejects.toMatchObject({ code: 'conflict' })
  })

  test('keeps its old secret for the grace of a rotation, and no older one', async () => {
    const { deps, holds, pass } = createWorld()
    const { secret: first } = await createKey(CI, ADMIN, deps)
    pass(10)
    const { secret: second, oldSecretUntil } = await rotateKey({ id: 'ci', graceMs: 1000 }, ADMIN, deps)

    expect(oldSecretUntil).toBe('1970-01-01T00:16:41.010Z')
    expect([await holds(first), await holds(second)]).toEqual([true, true])
    pass(10)
    const { secret: third } = await rotateKey({ id: 'ci', graceMs: 1000 }, ADMIN, deps)
    expect([await holds(first), await holds(second), await holds(third)]).toEqual([false, true, true])
    pass(1000)
    expect([await holds(second), await holds(third)]).toEqual([false, true])
  })

  test('ends its old secret, and its sockets, at once without a grace', async () => {
    const { revocations, deps, holds, pass } = createWorld()
    const { secret: first } = await createKey(CI, ADMIN, deps)
    pass(10)

    const { secret: second } = await rotateKey({ id: 'ci', graceMs: 0 }, ADMIN, deps)

    expect([await holds(first), await holds(second)]).toEqual([false, true])
    expect(await revocations.since('key:ci')).toBe(1_000_009)
  })

  test('is revoked although it is rotated at the same time: the new secret holds neither', async () => {
    const { keys, deps, holds } = createWorld()
    await createKey(CI, ADMIN, deps)
    const { replace } = keys
    let isFirst = true
    const racing = {
      ...keys,
      async replace(key: Parameters<typeof replace>[0]) {
        if (isFirst) {
          isFirst = false
          await revokeKey('ci', deps)
        }
        return replace(key)
      },
    }

    await expect(rotateKey({ id: 'ci', graceMs: 0 }, ADMIN, { ...deps, keys: racing })).rejects.toMatchObject(
      { code: 'conflict' },
    )

    const key = await keys.find('ci')
    expect(key?.revoked).toBeDefined()
    expect(await holds('')).toBe(false)
  })

  test.each([
    [['read:port.berth'], true],
    [['read:port.**:port.berth.*'], true],
    [['read:market.**'], false],
    [['**'], false],
    [['source:urn:shop'], false],
    [['read:port.berth', 'act-for-others'], false],
    [[], false],
  ])(
    'of the scopes %j can be created by an admin narrowed to read:port.**: %s',
    async (scopes, isAllowed) => {
      const { keys, deps } = createWorld()
      const { grants = [] } = parseScopes(['read:port.**', 'keys.create'])
      const creating = createKey({ ...CI, scopes }, { ...ADMIN, grants }, deps)

      if (isAllowed) expect(await creating).toMatchObject({ id: 'ci' })
      else await expect(creating).rejects.toMatchObject({ code: 'forbidden' })
      expect(await keys.list()).toHaveLength(isAllowed ? 1 : 0)
    },
  )

  test('that can do more than its rotator keeps its secret', async () => {
    const { deps, holds } = createWorld()
    const { secret } = await createKey({ ...CI, scopes: [] }, ADMIN, deps)
    const { grants = [] } = parseScopes(['keys.rotate'])

    await expect(rotateKey({ id: 'ci', graceMs: 0 }, { ...ADMIN, grants }, deps)).rejects.toMatchObject({
      code: 'forbidden',
    })
    expect(await holds(secret)).toBe(true)
  })
})

describe('the request for a key', () => {
  test('is read with its end', () => {
    const expires = '2026-12-01T00:00:00Z'

    expect(readKeyRequest({ ...CI, expires }, 0)).toEqual({ ...CI, expires: Date.parse(expires) })
    expect(readKeyRequest({ id: 'a', role: 'viewer' }, 0)).toEqual({ id: 'a', role: 'viewer', scopes: [] })
  })

  test.each([
    [{}, '/id'],
    [{ id: 'Ada', role: 'viewer' }, '/id'],
    [{ id: 'a'.repeat(65), role: 'viewer' }, '/id'],
    [{ id: 'a', role: 'owner' }, '/role'],
    [{ id: 'a', role: 'viewer', scopes: 'read' }, '/scopes'],
    [{ id: 'a', role: 'viewer', scopes: Array(51).fill('read') }, '/scopes'],
    [{ id: 'a', role: 'viewer', scopes: ['read', 'admin'] }, '/scopes/1'],
    [{ id: 'a', role: 'viewer', scopes: ['read:a..b'] }, '/scopes/0'],
    [{ id: 'a', role: 'viewer', scopes: ['source:urn:tidewire:api'] }, '/scopes/0'],
    [{ id: 'a', role: 'viewer', expires: '1970-01-01T00:00:00Z' }, '/expires'],
    [{ id: 'a', role: 'viewer', expires: 'soon' }, '/expires'],
    [{ id: 'a', role: 'viewer', secret: 'mine' }, '/secret'],
  ])('%j is refused because of %s', (body, pointer) => {
    expect(() => readKeyRequest(body, 0)).toThrow(
      expect.objectContaining({
        code: 'invalid_event',
        faults: expect.arrayContaining([expect.objectContaining({ pointer })]),
      }),
    )
  })

  test('of a rotation has a grace of a day unless it says otherwise', () => {
    expect([readGrace({}), readGrace({ graceSeconds: 0 }), readGrace({ graceSeconds: 60 })]).toEqual([
      86_400_000, 0, 60_000,
    ])
    for (const graceSeconds of [-1, 1.5, '60', 2_592_001])
      expect(() => readGrace({ graceSeconds })).toThrow(/whole number of seconds/)
  })
})
