import { describe, expect, test, vi } from 'vitest'
import { memorySenderKeyStore } from '#shared/testing/memory/memory-sender-key-store.ts'
import { samples, signSample } from '#shared/testing/webhooks/provider-samples.ts'
import { googleToken, publishedKeys } from '#shared/testing/webhooks/published-key-samples.ts'
import { prepareDelivery, senderKeys } from './prepare-delivery.ts'
import { webhookSources } from './sources.ts'
import { verifyWebhook } from './verify.ts'

const NOW = Date.parse('2026-11-21T08:00:00Z')
const MINUTE = 60_000
const sources = webhookSources({ WEBHOOK_LOCAL_SECRETS: '1' })

async function open(name: string) {
  const sample = samples.find((each) => each.name === name)
  const source = sources.get(sample?.source ?? '')
  if (sample === undefined || source === undefined) throw new Error(`no sample ${name}`)
  const clock = { now: NOW }
  const store = memorySenderKeyStore()
  const find = vi.spyOn(store, 'find')
  const keys = senderKeys(store, { now: () => clock.now })
  const request = await signSample(sample, `local-secret-${sample.source}`, new Date(NOW))
  const deliver = async (given = request) => {
    const known = await prepareDelivery(source, given, keys)
    return verifyWebhook({ ...given, ...source, known, now: new Date(clock.now) }).ok
  }
  const publish = async (copied = clock.now) => {
    for (const [address, { text }] of publishedKeys) await store.save(address, { text, copied })
  }
  return { store, find, clock, request, deliver, publish }
}

const LATER = { code: 'unavailable', retryAfterSeconds: 60 }

describe('a delivery that is signed with a published key', () => {
  test.each(['sns', 'paypal', 'pubsub'])('of %s is for later until the key is copied', async (name) => {
    const { store, deliver, publish } = await open(name)
    await expect(deliver()).rejects.toMatchObject(LATER)
    const [wanted, ...more] = await store.wanted()
    expect([publishedKeys.has(wanted?.address ?? ''), more]).toEqual([true, []])

    await publish()
    expect(await deliver()).toBe(true)
  })

  test('asks for nothing if anything else of it is wrong', async () => {
    const { store, deliver, request, clock } = await open('paypal')
    clock.now += 4 * 24 * 60 * MINUTE
    expect(await deliver()).toBe(false)
    clock.now = NOW
    const headers = { ...request.headers, 'paypal-cert-url': 'https://paypal.example.com/cert' }
    expect(await deliver({ ...request, headers })).toBe(false)
    expect(await store.wanted()).toEqual([])
  })

  test('reads a certificate once', async () => {
    const { find, deliver, publish, clock } = await open('sns')
    await publish()
    for (let minute = 0; minute < 50; minute++) {
      expect(await deliver()).toBe(true)
      clock.now += MINUTE
    }
    expect(find).toHaveBeenCalledTimes(1)
  })

  test('reads a set of keys again after a minute, and asks for a newer copy after an hour', async () => {
    const { find, store, deliver, publish, clock } = await open('pubsub')
    await publish()
    for (let second = 0; second < 60; second++) {
      expect(await deliver()).toBe(true)
      clock.now += 1000
    }
    expect(find).toHaveBeenCalledTimes(1)
    clock.now += 1000
    expect(await deliver()).toBe(true)
    expect(find).toHaveBeenCalledTimes(2)
    expect(await store.wanted()).toEqual([])
    clock.now = NOW + 60 * MINUTE + 1
    expect(await deliver()).toBe(true)
    expect(await store.wanted()).toHaveLength(1)
  })

  test('with a key that a set does not have is for later, until a newer copy says that there is none', async () => {
    const { store, deliver, publish, request, clock } = await open('pubsub')
    await publish(NOW - 5 * MINUTE)
    const claims = JSON.parse(
      Buffer.from(request.headers.authorization?.split('.')[1] ?? '', 'base64url').toString(),
    )
    const authorization = `Bearer ${await googleToken(claims, { kid: 'new-key' })}`
    const rotated = { ...request, headers: { ...request.headers, authorization } }
    await expect(deliver(rotated)).rejects.toMatchObject(LATER)
    expect(await store.wanted()).toHaveLength(1)
    clock.now += MINUTE
    await publish()
    expect(await deliver(rotated)).toBe(false)
  })

  test('is verified with what is known while the store cannot be read', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { find, deliver, publish, clock } = await open('pubsub')
    await publish()
    expect(await deliver()).toBe(true)
    find.mockRejectedValue(new Error('throttled'))
    clock.now += 10 * MINUTE
    expect(await deliver()).toBe(true)
    log.mockRestore()
  })
})

test('a delivery of a sender that publishes nothing reads nothing', async () => {
  const { find, deliver } = await open('github')
  expect(await deliver()).toBe(true)
  expect(find).not.toHaveBeenCalled()
})
