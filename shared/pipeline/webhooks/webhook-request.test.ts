import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { standardProviders } from './providers/standard-providers.ts'
import { withAccessToken } from './webhook-request.ts'

const { cloudevents, svix } = standardProviders
if (cloudevents === undefined || svix === undefined) throw new Error('there is no such provider')

const requestTo = (url: string, headers: Record<string, string> = {}, method = 'POST') => ({
  method,
  url,
  headers,
  body: Buffer.alloc(0),
})

describe('the access token of a query', () => {
  test.each([
    ['?access_token=a', 'a', ''],
    ['?x=1&access_token=a%20b&y=2', 'a b', '?x=1&y=2'],
    ['?access_token=a%2Bb%2C%25', 'a+b,%', ''],
  ])('of %s is that of a header, and is no part of the URL', (query, token, rest) => {
    const { headers, url } = withAccessToken(requestTo(`https://a/webhooks/cloudevents${query}`), cloudevents)
    expect([headers.authorization, url]).toEqual([`Bearer ${token}`, `https://a/webhooks/cloudevents${rest}`])
  })

  test.each([
    ['?access_token=a', { authorization: 'Bearer a' }],
    ['?access_token=a', { authorization: '' }],
    ['?access_token=', { authorization: 'Bearer a' }],
    ['?access_token=a&access_token=a', {}],
  ])('is malformed where there are two: %s with %j', (query, headers) => {
    expect(() => withAccessToken(requestTo(`https://a/${query}`, headers), cloudevents)).toThrow(
      expect.objectContaining({ code: 'malformed', message: expect.stringContaining('"access_token"') }),
    )
  })

  test('that is empty is none', () => {
    const { headers } = withAccessToken(requestTo('https://a/?access_token='), cloudevents)
    expect(headers).not.toHaveProperty('authorization')
  })

  test('has no meaning for senders that sign, and for no other method', () => {
    for (const [request, provider] of [
      [requestTo('https://a/?access_token=a'), svix],
      [requestTo('https://a/?access_token=a', {}, 'GET'), cloudevents],
      [requestTo('https://a/?token=a'), cloudevents],
      [requestTo('https://a/'), cloudevents],
    ] as const)
      expect(withAccessToken(request, provider)).toBe(request)
  })
})
