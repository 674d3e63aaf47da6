import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { propertyRuns } from '#shared/testing/test-seed.ts'
import { fieldAt, isShallow, payloadText, readPayload, textOf } from './payload.ts'

const FORM = 'application/x-www-form-urlencoded'

test('a form is an object, in which a name that is sent twice has an array', () => {
  expect(readPayload(FORM, Buffer.from('a=1&b=x+y&a=2&__proto__=z&c'))).toEqual(
    Object.fromEntries([
      ['a', ['1', '2']],
      ['b', 'x y'],
      ['__proto__', 'z'],
      ['c', ''],
    ]),
  )
})

// Anybody can send it, because a form is read before its signature is checked.
test('a form of 1 MB with as many fields as possible is refused', () => {
  const names = Array.from({ length: 170_000 }, (_, index) => index.toString(36))

  expect(() => readPayload(FORM, Buffer.from(names.join('&')))).toThrow(
    'A form has at most 2000 fields here.',
  )
})

const piece = fc.stringMatching(/^(?:[ab/~+{}":1]|%6[12]|%zz){0,6}$/)
const form = fc.array(fc.tuple(fc.oneof(piece, fc.constant('payload')), piece), { maxLength: 4 })
const pointers = fc.array(fc.constantFrom('a', 'b', 'ab', '', 'a~1b', 'payload'), { maxLength: 2 })

test('a field that is read alone is that of the payload, whatever the form', () => {
  fc.assert(
    fc.property(form, pointers, (fields, steps) => {
      const body = Buffer.from(fields.map(([name, value]) => `${name}=${value}`).join('&'))
      const pointer = steps.map((step) => `/${step}`).join('')

      expect(payloadText(FORM, body, pointer)).toBe(textOf(fieldAt(readPayload(FORM, body), pointer)))
    }),
    { numRuns: propertyRuns(300) },
  )
})

test.each([
  ['application/json', '{"id":820982911946154508,"n":[1e400,-0]}'],
  ['text/plain', '{"id":820982911946154508,"n":[1e400,-0]}'],
  [FORM, `payload=${encodeURIComponent('{"id":820982911946154508,"n":[1e400,-0]}')}`],
])('numbers of a payload of type %s keep their digits', (mediaType, body) => {
  const payload = readPayload(mediaType, Buffer.from(body))

  expect(JSON.stringify(payload)).toBe('{"id":820982911946154508,"n":[1e400,-0]}')
  expect(textOf(fieldAt(payload, '/id'))).toBe('820982911946154508')
  expect(payloadText(mediaType, Buffer.from(body), '/n/0')).toBe('1e400')
  expect(isShallow(payload, 2)).toBe(true)
})
