import { Buffer } from 'node:buffer'
import { describe, expect, test, vi } from 'vitest'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { receiveWebhook } from './receive-webhook.ts'
import { webhookSources } from './sources.ts'

const sources = webhookSources({ WEBHOOK_LOCAL_SECRETS: '1' })
const deps = { catalog: createCatalog([]), now: () => new Date('2026-11-21T08:00:00Z'), newId: () => 'made' }

function receive(name: string, body: string, headers: Record<string, string> = {}) {
  const source = sources.get(name)
  if (source === undefined) throw new Error(`no source ${name}`)
  const url = `https://hooks.example.com/webhooks/${name}`
  const given = { 'content-type': 'application/json', ...headers }
  return receiveWebhook(source, { method: 'POST', url, headers: given, body: Buffer.from(body) }, deps)
}

describe('what a provider sends before it signs', () => {
  test('the token of Notion is written to the log, for the operator, and is no event', () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(receive('notion', '{"verification_token":"secret_tMrlL1qK5vuQAh1b"}')).toEqual({
      answer: { status: 200, body: '' },
    })
    expect(JSON.stringify(log.mock.calls)).toContain('secret_tMrlL1qK5vuQAh1b')
    log.mockRestore()
  })

  test.each(['{"verification_token":7.5e300}', '{"verification_token":"<b>"}', '{"verification_token":""}'])(
    'a token of Notion that is %s is not',
    (body) => {
      const log = vi.spyOn(console, 'error').mockImplementation(() => {})
      expect(() => receive('notion', body)).not.toThrow(/secret_/)
      log.mockRestore()
    },
  )

  test('a ping of WooCommerce is 200 and no event', () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(receive('woocommerce', 'webhook_id=12', form)).toEqual({ answer: { status: 200, body: '' } })
  })

  test.each([
    ['woocommerce', 'x-wc-webhook-signature', 'AAAA'],
    ['notion', 'x-notion-signature', 'sha256=00'],
  ])('with a signature that is wrong it is refused, by %s', (name, header, signature) => {
    const body = '{"webhook_id":12,"verification_token":"secret_tMrlL1qK5vuQAh1b"}'
    expect(() => receive(name, body, { [header]: signature })).toThrow('No configured secret matches')
  })
})
