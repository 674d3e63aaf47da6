import { describe, expect, it } from 'vitest'
import { decodeHeaderValue, encodeHeaderValue } from './header-value.ts'

describe('encodeHeaderValue', () => {
  it.each([
    ['Euro € 😀', 'Euro%20%E2%82%AC%20%F0%9F%98%80'],
    ['say "100%"', 'say%20%22100%25%22'],
    ["!#$&'()*+,-./:;<=>?@[\\]^_`{|}~", "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~"],
    ['\u007f\u00a0', '%7F%C2%A0'],
    ['', ''],
  ])('writes %j as %j', (text, value) => {
    expect(encodeHeaderValue(text)).toBe(value)
    expect(decodeHeaderValue(value)).toBe(text)
  })
})

describe('decodeHeaderValue', () => {
  it.each([
    ['lower-case digits', '%e2%82%ac', '€'],
    ['escapes that were not needed', '%41b%63', 'Abc'],
    ['only one round of escapes', '%2541', '%41'],
    ['spaces of older writers', 'two words', 'two words'],
    ['space around the value', '  a ', 'a'],
    ['a quoted string', '"two words"', 'two words'],
    ['escapes in a quoted string', '"a \\"b\\" \\\\ c"', 'a "b" \\ c'],
    ['percent escapes in a quoted string', '"%E2%82%AC 5"', '€ 5'],
    ['an empty quoted string', '""', ''],
  ])('reads %s', (_title, value, text) => {
    expect(decodeHeaderValue(value)).toBe(text)
  })

  it.each([
    ['an overlong form', '%C0%A0'],
    ['half a character', '%E2%82'],
    ['a surrogate', '%ED%A0%80'],
    ['a byte that UTF-8 has not', '%FF'],
    ['an incomplete escape', '100%'],
    ['an escape that is no number', '%zz'],
    ['raw letters beyond ASCII', 'é'],
    ['a tab', 'a\tb'],
    ['a no-break space at the end', 'a\u00a0'],
    ['a quote that does not close', '"a'],
    ['a quote within', 'a"b"'],
    ['text after a quoted string', '"a" b'],
    ['an escaped quote at the end', '"a\\"'],
  ])('refuses %s', (_title, value) => {
    expect(decodeHeaderValue(value)).toBeUndefined()
  })
})
