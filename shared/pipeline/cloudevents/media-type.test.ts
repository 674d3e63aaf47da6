import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isMediaType, isUtf8MediaType, messageMode, tidyMediaType } from './media-type.ts'

/** What senders write behind a media type that is UTF-8. */
const UTF8_PARAMETERS = [
  '',
  ';',
  '; ',
  ';;',
  ' ;',
  ';charset=utf-8',
  '; charset=UTF-8',
  '; charset=utf8',
  '; CHARSET="UTF-8"',
  '; charset="utf8"',
  "; charset='utf-8'",
  ' ; charset = utf-8',
  '; charset = "utf-8" ;',
  '; charset=us-ascii',
  '; charset=',
  '; charset=""',
  '; a="b;charset=latin1"',
  '; charset=utf-8; charset=latin1',
]
const OTHER_PARAMETERS = [
  '; charset=iso-8859-1',
  '; charset="latin1"',
  ';CHARSET=UTF-16',
  "; charset='windows-1252'",
  ';; charset = utf-16 ;',
]

describe.each(['structured', 'batch'] as const)('a content type of %s mode', (mode) => {
  const type = mode === 'structured' ? 'application/cloudevents+json' : 'application/cloudevents-batch+json'

  test.each(UTF8_PARAMETERS)('is one with %j behind it, in any case', (parameters) => {
    expect(messageMode(type + parameters)).toBe(mode)
    expect(messageMode(type.toUpperCase() + parameters)).toBe(mode)
  })

  test.each(OTHER_PARAMETERS)('is refused with %j behind it', (parameters) => {
    expect(() => messageMode(type + parameters)).toThrow(
      expect.objectContaining({ code: 'unsupported_media_type' }),
    )
  })
})

test.each(UTF8_PARAMETERS)(
  'a content type with %j behind it becomes a media type, and is UTF-8',
  (parameters) => {
    const tidy = tidyMediaType(`application/json${parameters}`)

    expect(isMediaType(tidy)).toBe(true)
    expect(isUtf8MediaType(tidy)).toBe(true)
  },
)

test.each(OTHER_PARAMETERS)('a content type with %j behind it is not UTF-8', (parameters) => {
  expect(isUtf8MediaType(`text/plain${parameters}`)).toBe(false)
})

test.each([
  ['application/json;', 'application/json'],
  ['application/json ; charset = utf-8', 'application/json; charset=utf-8'],
  ['text/plain; format="a;b";', 'text/plain; format="a;b"'],
  ['application/json;charset=', 'application/json'],
  // What is one keeps its spelling, and what is none is for the validation to refuse.
  ['Text/Plain;CHARSET="UTF-8"', 'Text/Plain;CHARSET="UTF-8"'],
  ['application', 'application'],
  ['application/json, text/plain;', 'application/json, text/plain;'],
  ['application/json; charset utf-8', 'application/json; charset utf-8'],
])('%j becomes %j', (given, expected) => {
  expect(tidyMediaType(given)).toBe(expected)
})

test('a media type keeps its spelling, and what is made of any text is the same when it is made of it', () => {
  const piece = fc.constantFrom(';', ' ', '\t', '=', '"', '\\', ',', 'charset', 'utf-8', 'a/b', "'", '\u00fc')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = `a/b${pieces.join('')}`
      const tidy = tidyMediaType(text)
      if (isMediaType(text)) expect(tidy).toBe(text)
      expect(tidyMediaType(tidy)).toBe(tidy)
    }),
  )
})
