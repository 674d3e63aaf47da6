import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { memorySigningKeyStore } from '#shared/testing/memory/memory-signing-key-store.ts'
import { copyIssuerKeys } from './issuer-keys.ts'

const KEYS = JSON.stringify({ keys: [{ kid: 'k1', kty: 'RSA', use: 'sig', n: 'n', e: 'AQAB' }] })
let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** Starts an issuer whose keys are answered so, and copies them. */
async function copyFrom(status: number, body: string) {
  server = createServer((request, response) => {
    response.writeHead(request.url === '/pool/.well-known/jwks.json' ? status : 404).end(body)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pool`
  const store = memorySigningKeyStore()
  await store.save(issuer, { jwks: 'the last ones', copied: 1 })
  const copying = copyIssuerKeys(issuer, { store, now: () => 7 })
  return { copying, find: () => store.find(issuer) }
}

describe('the keys of an issuer', () => {
  test('are copied with the time at which they were asked for', async () => {
    const { copying, find } = await copyFrom(200, KEYS)
    await copying

    expect(await find()).toEqual({ jwks: KEYS, copied: 7 })
  })

  test.each([
    [500, KEYS, 'answered with 500'],
    [200, '<html>', 'is no set of keys'],
    [200, '{"keys":[]}', 'is no set of keys'],
    [200, '{"keys":[{"kty":"RSA"}]}', 'is no set of keys'],
    [200, KEYS.padEnd(100_001), 'larger than'],
  ])('that are %d %j stay as they were', async (status, body, message) => {
    const { copying, find } = await copyFrom(status, body)

    await expect(copying).rejects.toThrow(message)
    expect(await find()).toEqual({ jwks: 'the last ones', copied: 1 })
  })
})
