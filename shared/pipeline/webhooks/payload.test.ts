import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { readPayload } from './payload.ts'

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
