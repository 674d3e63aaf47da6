import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { receiveWebhook } from '#shared/pipeline/webhooks/receive-webhook.ts'
import { webhookSources } from '#shared/pipeline/webhooks/sources.ts'
import type { WebhookRequest } from '#shared/pipeline/webhooks/webhook-request.ts'

const NOW = new Date('2026-11-21T08:00:00Z')
const deps = { catalog: createCatalog([]), now: () => NOW, newId: () => 'made' }
const TOKEN = { algorithm: 'token', header: 'x-token' }
const ENTRIES = {
  echoes: {
    scheme: TOKEN,
    challenges: [
      { method: 'POST', unsigned: true, when: { '?validationToken': true }, text: '?validationToken' },
      {
        unsigned: true,
        when: { 'x-hook-secret': true },
        headers: { 'x-hook-secret': 'x-hook-secret' },
        status: 200,
      },
      {
        when: { '/kind': ['a', 'b'] },
        unless: '/data',
        echo: { code: '/code', by: 'x-by' },
        reply: { ok: true },
      },
      { when: { '/events': true, '/events/0': false }, status: 200 },
    ],
  },
  topics: {
    scheme: TOKEN,
    challenges: [
      {
        method: 'GET',
        unsigned: true,
        when: { '?mode': 'subscribe' },
        expected: '?topic',
        refused: 404,
        text: '?challenge',
      },
    ],
  },
  guarded: { scheme: TOKEN, challenges: [{ method: 'GET', when: { '?ask': true }, text: '?ask' }] },
}
const sources = webhookSources({
  WEBHOOK_LOCAL_SECRETS: '1',
  WEBHOOK_SOURCES: JSON.stringify(ENTRIES),
  WEBHOOK_VERIFY_TOPICS: 'https://news.example/a?x=1,2',
  WEBHOOK_VERIFY_TOPICS_2: 'https://news.example/b',
})

function receive(name: string, method: string, query: string, more: Partial<WebhookRequest> = {}) {
  const source = sources.get(name)
  if (source === undefined) throw new Error(`no source ${name}`)
  const url = `https://h.example/webhooks/${name}${query}`
  return receiveWebhook(source, { method, url, headers: {}, body: new Uint8Array(), ...more }, deps)
}

function post(name: string, body: unknown, query = '', headers = {}) {
  const all = { 'x-token': `local-secret-${name}`, 'content-type': 'application/json', ...headers }
  return receive(name, 'POST', query, { headers: all, body: Buffer.from(JSON.stringify(body)) })
}

const text = (body: string) => ({
  answer: { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body },
})

describe('a handshake', () => {
  test('is answered with a text of the query, once decoded, whatever the body is', () => {
    const token = encodeURIComponent('Validation: Testing client application reachability 1+1')
    expect(receive('echoes', 'POST', `?validationToken=${token}`)).toEqual(
      text('Validation: Testing client application reachability 1+1'),
    )
  })

  test('is answered with a header', () => {
    const headers = { 'x-hook-secret': 'b537207f20cbfa02357cf448134da559' }
    expect(receive('echoes', 'POST', '', { headers })).toEqual({ answer: { status: 200, headers, body: '' } })
  })

  test('is answered with JSON of fixed members and of those of the body and the headers', () => {
    expect(post('echoes', { kind: 'b', code: 7 }, '', { 'x-by': 'me' })).toEqual({
      answer: { status: 200, body: { ok: true, code: 7, by: 'me' } },
    })
    expect(post('echoes', { kind: 'b', code: 7, data: 1 })).toHaveProperty('event')
    expect(post('echoes', { kind: 'c', code: 7 })).toHaveProperty('event')
  })

  test('echoes a number with every digit', () => {
    const given = { kind: 'b', code: parseExactJson('820982911946154508') }
    const received = post('echoes', given, '', { 'x-by': 'me' })
    expect('answer' in received && JSON.stringify(received.answer.body)).toBe(
      '{"ok":true,"code":820982911946154508,"by":"me"}',
    )
  })

  test('can be a delivery that is empty', () => {
    expect(post('echoes', { events: [] })).toEqual({ answer: { status: 200, body: '' } })
    expect(post('echoes', { events: [1] })).toHaveProperty('event')
    expect(post('echoes', {})).toHaveProperty('event')
  })

  test('is no event if what it wants to have echoed is missing', () => {
    expect(() => post('echoes', { kind: 'a' }, '', { 'x-by': 'me' })).toThrow(
      '"/code" of the body is missing',
    )
  })

  test('must be signed unless it is marked as unsigned', () => {
    const body = Buffer.from('{"kind":"a","code":1}')
    expect(() => receive('echoes', 'POST', '', { body })).toThrow('"x-token" is missing')
    expect(() => receive('guarded', 'GET', '?ask=me')).toThrow('"x-token" is missing')
    expect(receive('guarded', 'GET', '?ask=me', { headers: { 'x-token': 'local-secret-guarded' } })).toEqual(
      text('me'),
    )
  })
})

describe('what a handshake names', () => {
  test('must be one of the texts that are expected', () => {
    const ask = (topic: string) =>
      receive('topics', 'GET', `?mode=subscribe&challenge=c1&topic=${encodeURIComponent(topic)}`)
    expect(ask('https://news.example/a?x=1,2')).toEqual(text('c1'))
    expect(ask('https://news.example/b')).toEqual(text('c1'))
    for (const other of ['https://news.example/a', 'https://news.example/a?x=1', '2', ''])
      expect(() => ask(other)).toThrow('is not what is expected')
    expect(() => receive('topics', 'GET', '?mode=subscribe&challenge=c1')).toThrow('is not what is expected')
  })

  test('counts once: a parameter that is sent twice is none', () => {
    const twice = '?mode=subscribe&challenge=c1&topic=https://news.example/b&topic=https://evil.example'
    expect(() => receive('topics', 'GET', twice)).toThrow('is not what is expected')
  })

  test('is the whole text of a variable, and of those with a number beside it, each of 8 characters or more', () => {
    const problemOf = (value: string, more = 'another text') => {
      try {
        const env = { WEBHOOK_VERIFY_META: value, WEBHOOK_VERIFY_META_17: more }
        return webhookSources({ ...env, WEBHOOK_LOCAL_SECRETS: '1' }).get('meta')?.expected
      } catch (error) {
        return String(error)
      }
    }
    for (const value of ['a verify token, with a comma', '["no","list"]', ' a space '])
      expect(problemOf(value)).toEqual([value, 'another text'])
    expect(problemOf('short')).toContain('WEBHOOK_VERIFY_META: must have at least 8 characters')
    expect(problemOf('long enough', 'short')).toContain('WEBHOOK_VERIFY_META_17: must have at least 8')
  })
})

describe('a request by another method than POST', () => {
  test('is refused if the provider has no handshake of that method', () => {
    for (const method of ['GET', 'HEAD', 'PUT'])
      expect(() => receive('github', method, '?challenge=1')).toThrow(`no handshake by ${method}`)
    expect(() => receive('dropbox', 'HEAD', '?challenge=1')).toThrow('no handshake by HEAD')
  })

  test('is never an event', () => {
    expect(() => receive('dropbox', 'GET', '')).toThrow('no handshake of the provider')
    expect(() => receive('meta', 'GET', '?hub.mode=unsubscribe&hub.challenge=1')).toThrow('no handshake')
    expect(() => receive('guarded', 'GET', '', { headers: { 'x-token': 'local-secret-guarded' } })).toThrow(
      'no handshake',
    )
  })
})

describe('an echo', () => {
  test('is not a way to send a page or a text of any length', () => {
    const ask = (challenge: string) =>
      receive('dropbox', 'GET', `?challenge=${encodeURIComponent(challenge)}`)
    for (const bad of [
      '<script>alert(1)</script>',
      'a"b',
      "a'b",
      'a&b',
      'a`b',
      'a\nb',
      '\u0000',
      'ü',
      '\u2028',
    ])
      expect(() => ask(bad)).toThrow('must be plain text')
    expect(ask('a'.repeat(1024))).toEqual(text('a'.repeat(1024)))
    expect(() => ask('a'.repeat(1025))).toThrow('of at most 1024 characters')
    expect(() => ask('')).not.toThrow()
  })

  test('has only printable ASCII without what begins markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (challenge) => {
        try {
          const received = receive('dropbox', 'GET', `?challenge=${encodeURIComponent(challenge)}`)
          const body = 'answer' in received ? received.answer.body : undefined
          return body === challenge && !/[^ -~]|[<>&"'`]/.test(challenge)
        } catch {
          return /[^ -~]|[<>&"'`]/.test(challenge)
        }
      }),
    )
  })
})

describe('the HMAC of a challenge', () => {
  const sign = (content: string) =>
    `sha256=${createHmac('sha256', 'local-secret-x').update(content).digest('base64')}`

  test('is made with the secret of the source', () => {
    expect(receive('x', 'GET', '?crc_token=bGl2ZQ%3D%3D&nonce=1')).toEqual({
      answer: { status: 200, body: { response_token: sign('bGl2ZQ==') } },
    })
  })

  test('is no way to have a delivery signed', () => {
    const forged = '{"for_user_id":"1","tweet_create_events":[]}'
    expect(() => receive('x', 'GET', `?crc_token=${encodeURIComponent(forged)}`)).toThrow(
      'must be plain text',
    )
    for (const body of ['1234', 'a-token', 'null', '']) {
      const headers = { 'x-twitter-webhooks-signature': sign(body), 'content-type': 'application/json' }
      expect(() => receive('x', 'POST', '', { headers, body: Buffer.from(body) })).toThrow(
        'The body is a token',
      )
    }
    // A stream of Brotli that is only letters would be signed as a token, and read as what it says.
    const squeezed = Buffer.from('a-stream-of-brotli')
    const asSent = {
      'x-twitter-webhooks-signature': sign(squeezed.toString()),
      'content-type': 'application/json',
    }
    const body = Buffer.from(forged)
    expect(() => receive('x', 'POST', '', { headers: asSent, body, sentBody: squeezed })).toThrow(
      'is a token',
    )
    const headers = { 'x-twitter-webhooks-signature': sign(forged), 'content-type': 'application/json' }
    expect(receive('x', 'POST', '', { headers, body: Buffer.from(forged) })).toHaveProperty(
      'event.type',
      'x.tweet_create',
    )
  })
})
