import { expect, test } from 'vitest'
import { exactEvent, parseReceived, type ReceivedEvent, writeReceived } from './received-event.ts'

const DATA = '{"id":820982911946154508,"deep":[{"n":1e400}]}'
const ITEM = `{"topic":"t","partition":0,"offset":7,"event":{"specversion":"1.0","id":"e","source":"/s","type":"t","data":${DATA}}}`
const PLAIN = { id: 820982911946154500, deep: [{ n: Number.POSITIVE_INFINITY }] }

test.each([
  ['a frame', `{"type":"events","ids":["s1"],"events":[${ITEM}]}`],
  ['a page', `{"events":[{"offset":1},${ITEM}],"next":null}`],
  ['records of a stream', `{"records":[${ITEM}]}`],
])('an event of %s has plain numbers, and its data as JSON with every digit', (_, text) => {
  const body = parseReceived(text) as Record<string, readonly ReceivedEvent[]>
  const received = (body.events ?? body.records)?.at(-1)

  expect(received?.event.data).toEqual(PLAIN)
  expect(received?.dataJson).toBe(DATA)
  expect(received && writeReceived(received)).toBe(ITEM)
})

test('an event alone has plain numbers, and its data as JSON with every digit', () => {
  const received = parseReceived(ITEM) as ReceivedEvent

  expect(received).toMatchObject({ offset: 7, event: { data: PLAIN }, dataJson: DATA })
  expect(JSON.stringify(exactEvent(received).data)).toBe(DATA)
})

test('an event whose numbers are exact is as it was sent', () => {
  const text = ITEM.replace(DATA, '{"n":9007199254740992}')
  const received = parseReceived(text) as ReceivedEvent

  expect(received).toEqual(JSON.parse(text))
  expect(exactEvent(received)).toBe(received.event)
  expect(writeReceived(received)).toBe(text)
})

test('other numbers are plain, and a letter may have no event', () => {
  expect(parseReceived('{"state":{"n":820982911946154508},"event":null,"x":[-0]}')).toEqual({
    state: { n: 820982911946154500 },
    event: null,
    x: [-0],
  })
  expect(parseReceived('[1e400]')).toEqual([Number.POSITIVE_INFINITY])
  expect(() => parseReceived('no JSON')).toThrow(SyntaxError)
})
