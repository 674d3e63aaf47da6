import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { SigningKeyStore } from '#shared/pipeline/signing-key-store.ts'

/** The contract of every SigningKeyStore. `make` opens another instance on the same data. */
export function describeSigningKeyStore(name: string, make: () => SigningKeyStore): void {
  describe(`the SigningKeyStore ${name}`, () => {
    const copy = (copied: number) => ({ jwks: JSON.stringify({ keys: [{ kid: `k${copied}` }] }), copied })
    let issuer: string
    beforeEach(() => {
      issuer = `https://issuer.example.com/${randomUUID()}`
    })

    test('has nothing of an issuer that was never copied', async () => {
      await make().save(`${issuer}/other`, copy(1))

      expect(await make().find(issuer)).toBeNull()
    })

    test('returns the last copy', async () => {
      await make().save(issuer, copy(1))
      await make().save(issuer, copy(2))

      expect(await make().find(issuer)).toEqual(copy(2))
    })

    test('keeps a newer copy when an older one comes late', async () => {
      await make().save(issuer, copy(2))
      await make().save(issuer, copy(1))

      expect(await make().find(issuer)).toEqual(copy(2))
    })
  })
}
