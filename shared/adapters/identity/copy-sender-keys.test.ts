import { afterEach, describe, expect, test, vi } from 'vitest'
import { memorySenderKeyStore } from '#shared/testing/memory/memory-sender-key-store.ts'
import { makeCertificate } from '#shared/testing/webhooks/make-certificate.ts'
import { type SenderServer, startSenderServer } from '#shared/testing/webhooks/sender-server.ts'
import { copySenderKeys } from './copy-sender-keys.ts'

const HOST = 'sns.eu-central-1.amazonaws.com'
const NOW = 1_795_248_000_000
const certificate = makeCertificate({ hosts: [HOST] })
const KEYS = JSON.stringify({ keys: [{ kid: 'k1', kty: 'RSA', use: 'sig', n: 'n', e: 'AQAB' }] })

let server: SenderServer | undefined
afterEach(() => server?.stop())

async function copyFrom(
  pages: Parameters<typeof startSenderServer>[1],
  addresses: readonly string[],
  at = NOW,
) {
  server = await startSenderServer([HOST], pages, certificate)
  const store = memorySenderKeyStore()
  for (const address of addresses) await store.want({ address, at })
  await copySenderKeys({ store, now: () => NOW, agent: server.agent })
  return { store, asked: server.asked }
}

describe('what functions without a way out want of a sender', () => {
  test('is fetched over TLS and kept if it is a certificate or a set of keys', async () => {
    const [pem, jwks] = [`https://${HOST}/c.pem`, `https://${HOST}/certs`]
    const { store } = await copyFrom({ '/c.pem': [200, certificate.pem], '/certs': [200, KEYS] }, [pem, jwks])

    expect(await store.find(pem)).toEqual({ text: certificate.pem, copied: NOW })
    expect(await store.find(jwks)).toEqual({ text: KEYS, copied: NOW })
    expect(await store.wanted()).toEqual([])
  })

  test('is visited and not kept if it is anything else', async () => {
    const address = `https://${HOST}/?Action=ConfirmSubscription&Token=t`
    const { store, asked } = await copyFrom({ '/?Action=ConfirmSubscription&Token=t': [200, '<xml/>'] }, [
      address,
    ])

    expect(asked).toEqual([address])
    expect([await store.find(address), await store.wanted()]).toEqual([null, []])
  })

  test('is not followed to another address', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const pages = {
      '/c.pem': [302, `https://${HOST}/other.pem`],
      '/other.pem': [200, certificate.pem],
    } as const
    const { store, asked } = await copyFrom(pages, [`https://${HOST}/c.pem`])

    expect(asked).toEqual([`https://${HOST}/c.pem`])
    expect(await store.find(`https://${HOST}/c.pem`)).toBeNull()
    expect(await store.wanted()).toEqual([])
    log.mockRestore()
  })

  test.each([
    ['an error of the sender', `https://${HOST}/error.pem`],
    ['more than 100 KB', `https://${HOST}/large.pem`],
    ['a connection that breaks', `https://${HOST}/broken.pem`],
    ['a host that the certificate is not for', 'https://sns.us-east-1.amazonaws.com/c.pem'],
    ['an address without TLS', `http://${HOST}/c.pem`],
  ])('is asked for again after %s, for ten minutes, and holds up nothing', async (_, address) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const pages: Parameters<typeof startSenderServer>[1] = {
      '/c.pem': [200, certificate.pem],
      '/error.pem': [503, certificate.pem],
      '/large.pem': [200, certificate.pem.padEnd(100_001)],
      '/broken.pem': (_, response) => response.writeHead(200).flushHeaders() ?? response.destroy(),
    }
    const good = `https://${HOST}/c.pem`
    const { store } = await copyFrom(pages, [address, good])
    expect(await store.find(good)).not.toBeNull()
    expect([await store.find(address), await store.wanted()]).toEqual([null, [{ address, at: NOW }]])
    await server?.stop()

    const later = await copyFrom(pages, [address], NOW - 600_000)
    expect(await later.store.wanted()).toEqual([])
    expect(JSON.stringify(log.mock.calls)).not.toContain('.pem')
    log.mockRestore()
  })
})
