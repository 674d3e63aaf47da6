import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { idOf, parseMessage } from './answer-message.ts'

const MESSAGE = { action: 'subscribe', id: 's1', channels: ['port.*'] }
const parse = (more: object) => parseMessage(JSON.stringify({ ...MESSAGE, ...more }))

describe('a message of a client', () => {
  test.each([
    MESSAGE,
    {
      ...MESSAGE,
      attempt: 3,
      filter: { severity: ['low'], type: ['a.**'], subject: ['x'] },
      since: 'earliest',
    },
    { action: 'unsubscribe', id: 's1' },
    { action: 'ping' },
    { action: 'refresh', token: 't' },
  ])('%j is parsed unchanged', (message) => {
    expect(parseMessage(JSON.stringify(message))).toEqual(message)
  })

  test('may have unknown members, which are dropped', () => {
    expect(parse({ extra: 1 })).toEqual(MESSAGE)
  })

  test.each([
    ['no channels', { channels: [] }, 'channels'],
    ['too many channels', { channels: Array(21).fill('a') }, 'channels'],
    ['a channel that is none', { channels: ['a..b'] }, 'empty segment'],
    ['an empty id', { id: '' }, 'id'],
    ['a long id', { id: 'x'.repeat(65) }, 'id'],
    ['an attempt of 0', { attempt: 0 }, 'attempt'],
    ['half an attempt', { attempt: 1.5 }, 'attempt'],
    ['an unknown filter', { filter: { colour: ['red'] } }, 'filter'],
    ['an empty filter list', { filter: { severity: [] } }, 'filter.severity'],
    ['a filter type that is no pattern', { filter: { type: ['**.a'] } }, 'filter.type'],
    ['a since that is no text', { since: 5 }, 'since'],
  ])('with %s is refused, with the place', (_, more, place) => {
    expect(() => parse(more)).toThrow(place)
  })

  test('is either parsed or refused, whatever it is', () => {
    const almost = fc.record(
      {
        action: fc.oneof(fc.constantFrom('subscribe', 'unsubscribe', 'ping', 'refresh'), fc.jsonValue()),
        id: fc.oneof(fc.string(), fc.jsonValue()),
        attempt: fc.oneof(fc.double(), fc.jsonValue()),
        channels: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
        filter: fc.oneof(fc.record({ type: fc.array(fc.string()) }), fc.jsonValue()),
        since: fc.oneof(fc.string(), fc.jsonValue()),
        token: fc.oneof(fc.string(), fc.jsonValue()),
        ['__proto__']: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      almost.map((value) => JSON.stringify(value)),
    )
    const property = fc.property(texts, (text) => {
      idOf(text)
      try {
        parseMessage(text)
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal)
        expect(error).toMatchObject({ code: 'malformed' })
        expect((error as Refusal).message.length).toBeLessThan(2000)
      }
    })

    fc.assert(property, { numRuns: 2000 })
  })
})

test('the id of a refused message is returned if it has one', () => {
  expect(idOf('{"id":"s1","action":"dance"}')).toBe('s1')
  expect(idOf(`{"id":"${'x'.repeat(100)}"}`)).toHaveLength(64)
  for (const text of ['', '{', 'null', '"s1"', '{"id":5}', '[]']) expect(idOf(text)).toBeUndefined()
})
