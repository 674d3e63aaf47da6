import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { type HandshakeSecretStore, KEPT_SECRETS } from '#shared/pipeline/handshake-secret-store.ts'

/** The contract of every HandshakeSecretStore. `make` opens another instance on the same data. */
export function describeHandshakeSecretStore(name: string, make: () => HandshakeSecretStore): void {
  describe(`the HandshakeSecretStore ${name}`, () => {
    let source: string
    beforeEach(() => {
      source = `asana-${randomUUID()}`
    })

    test('lists the secrets of a source, and of no other', async () => {
      expect(await make().list(source)).toEqual([])
      expect(await make().keep(source, 'a')).toBe(true)
      expect(await make().keep(source, 'b')).toBe(true)
      expect(await make().keep(`${source}-2`, 'c')).toBe(true)

      expect([...(await make().list(source))].sort()).toEqual(['a', 'b'])
      expect(await make().list(`${source}-2`)).toEqual(['c'])
    })

    test('keeps a secret once', async () => {
      expect(await make().keep(source, 'a')).toBe(true)
      expect(await make().keep(source, 'a')).toBe(true)

      expect(await make().list(source)).toEqual(['a'])
    })

    test('keeps a bounded number, also at the same time', async () => {
      const secrets = Array.from({ length: KEPT_SECRETS + 3 }, (_, index) => `secret-${index}`)
      const kept = await Promise.all(secrets.map((secret) => make().keep(source, secret)))

      expect(kept.filter((isKept) => isKept)).toHaveLength(KEPT_SECRETS)
      expect(await make().list(source)).toHaveLength(KEPT_SECRETS)
    })
  })
}
