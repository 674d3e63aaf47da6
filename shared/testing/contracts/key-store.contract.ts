import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ApiKey, KeyStore } from '#shared/pipeline/keys/key-store.ts'

/** The contract of every KeyStore. `make` opens another instance on the same data. */
export function describeKeyStore(name: string, make: () => KeyStore): void {
  describe(`the KeyStore ${name}`, () => {
    let store: KeyStore
    let key: ApiKey
    let source: string

    beforeEach(() => {
      store = make()
      source = `urn:tests:${randomUUID()}`
      key = {
        id: `k-${randomUUID()}`,
        role: 'publisher',
        scopes: ['publish:port.**', `source:${source}`],
        secrets: [{ hash: randomUUID(), issued: 1 }],
        created: 1,
        createdBy: 'ada',
        version: 1,
      }
    })
    const secretOf = ({ secrets }: ApiKey) => secrets[0]?.hash ?? ''

    test('returns a key by its id and by the hash of its secret, to every instance', async () => {
      expect(await store.add(key)).toBe(true)

      expect(await make().find(key.id)).toEqual(key)
      expect(await make().findBySecret(secretOf(key))).toEqual(key)
      expect((await make().list()).find(({ id }) => id === key.id)).toEqual(key)
    })

    test('returns null for an unknown id and an unknown secret', async () => {
      expect(await store.find(randomUUID())).toBeNull()
      expect(await store.findBySecret(randomUUID())).toBeNull()
    })

    test('does not add an id twice, and the second secret opens nothing', async () => {
      await store.add(key)
      const second = { ...key, secrets: [{ hash: randomUUID(), issued: 2 }], role: 'admin' }

      expect(await store.add(second)).toBe(false)

      expect(await store.find(key.id)).toEqual(key)
      expect(await store.findBySecret(secretOf(second))).toBeNull()
    })

    test('adds an id for one of 10 concurrent callers', async () => {
      const added = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          make().add({ ...key, secrets: [{ hash: randomUUID(), issued: n }] }),
        ),
      )
      expect(added.filter(Boolean)).toHaveLength(1)
    })

    test('replaces a key of the version before only', async () => {
      await store.add(key)
      const rotated = { ...key, secrets: [{ hash: randomUUID(), issued: 2 }, ...key.secrets], version: 2 }

      expect(await store.replace(rotated)).toBe(true)
      expect(await store.replace({ ...key, revoked: 3, version: 2 })).toBe(false)

      expect(await store.findBySecret(secretOf(rotated))).toEqual(rotated)
      expect(await store.findBySecret(secretOf(key))).toEqual(rotated)
    })

    test('replaces no key that does not exist', async () => {
      expect(await store.replace(key)).toBe(false)
      expect(await store.find(key.id)).toBeNull()
    })

    test('forgets a key that is removed, and takes its id again', async () => {
      await store.add(key)
      await store.remove(key.id)

      expect(await store.findBySecret(secretOf(key))).toBeNull()
      expect(await store.add(key)).toBe(true)
    })

    test('has the latest use of each key', async () => {
      await store.use(key.id, 5)
      await store.use(key.id, 9)
      await store.use(key.id, 7)

      expect((await make().uses()).get(key.id)).toBe(9)
    })

    test('gives a source to one of 10 concurrent keys', async () => {
      const owners = await Promise.all(
        Array.from({ length: 10 }, (_, n) => make().claimSource(source, `${key.id}-${n}`)),
      )

      expect(new Set(owners)).toHaveProperty('size', 1)
      expect(await store.sourceOwner(source)).toBe(owners[0])
    })

    test('gives a source that its key released to another one, and lets nobody else release it', async () => {
      await store.claimSource(source, 'a')
      await store.releaseSource(source, 'b')
      expect(await store.claimSource(source, 'b')).toBe('a')

      await store.releaseSource(source, 'a')
      expect(await store.sourceOwner(source)).toBeNull()
      expect(await store.claimSource(source, 'b')).toBe('b')
    })
  })
}
