import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { approximate, digitsOf, numberText, parseExactJson } from './exact-json.ts'

const rewrite = (json: string) => JSON.stringify(parseExactJson(json))

/** Digits without a zero in front, as RFC 8259 wants them. */
const whole = fc.stringMatching(/^-?(?:0|[1-9][0-9]{0,40})$/)
const number = fc
  .tuple(whole, fc.stringMatching(/^(?:\.[0-9]{1,30})?$/), fc.stringMatching(/^(?:[eE][+-]?[0-9]{1,3})?$/))
  .map((parts) => parts.join(''))
const text = fc
  .oneof(fc.string({ unit: 'binary' }), number, fc.constantFrom(' 1e400', '[-0', '\\"1e400,', '{"a":1e400}'))
  .map((one) => JSON.stringify(one))

/** JSON text with no white space, whose members have different names: what a writer that loses nothing writes again. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    whole,
    text,
    fc.constantFrom('true', 'false', 'null'),
    fc.array(tie('json'), { maxLength: 5 }).map((items) => `[${items.join(',')}]`),
    fc
      .uniqueArray(fc.tuple(text, tie('json')), { selector: ([name]) => `m${name}`, maxLength: 5 })
      .map((members) => members.map(([name, value]) => `"m${name.slice(1)}:${value}`))
      .map((members) => `{${members.join(',')}}`),
  ),
}))

/** A decimal as a fraction of integers, which an independent reader compares: digits × 10^exponent. */
function decimal(source: string): { digits: bigint; exponent: number } {
  const [mantissa = '', exponent = '0'] = source.toLowerCase().split('e')
  const [before = '', fraction = ''] = mantissa.split('.')
  return { digits: BigInt(before + fraction), exponent: Number(exponent) - fraction.length }
}

function isSameValue(one: string, other: string): boolean {
  const [a, b] = [decimal(one), decimal(other)]
  const least = Math.min(a.exponent, b.exponent)
  const scaled = ({ digits, exponent }: typeof a) => digits * 10n ** BigInt(exponent - least)
  return scaled(a) === scaled(b) && one.startsWith('-') === other.startsWith('-')
}

describe('exact JSON', () => {
  test.each([
    '820982911946154508',
    '-820982911946154508',
    '9007199254740993',
    '18446744073709551615',
    '-9223372036854775808',
    '1000000000000000000000',
    '1e400',
    '1E400',
    '-1e400',
    '1e-400',
    '-0',
    '-0.0',
    '1e99999999999999999999',
    '1.7976931348623159e308',
    '0.1234567890123456789',
    '12345678901234567890.5',
  ])('keeps the digits of %s, as a value, as an item and as a member', (source) => {
    expect(rewrite(source)).toBe(source)
    expect(rewrite(`[${source}]`)).toBe(`[${source}]`)
    expect(rewrite(`{"a": [0, ${source} ,0]}`)).toBe(`{"a":[0,${source},0]}`)
    expect(rewrite(`\t{"${source}":\n${source}}`)).toBe(`{"${source}":${source}}`)
    expect(digitsOf(parseExactJson(source))).toBe(source)
    expect(numberText(parseExactJson(source))).toBe(source)
    expect(approximate(parseExactJson(`{"a":[${source}]}`))).toEqual({ a: [Number(source)] })
  })

  test.each([
    ['0', 0],
    ['9007199254740992', 9007199254740992],
    ['1.0', 1],
    ['1.50000000000000000000000', 1.5],
    ['1E+2', 100],
    ['0e400', 0],
    ['0.30000000000000004', 0.30000000000000004],
    ['5e-324', 5e-324],
    ['1e23', 1e23],
    ['"1e400"', '1e400'],
    ['"820982911946154508"', '820982911946154508'],
    ['" 820982911946154508 "', ' 820982911946154508 '],
  ])('has a plain value for %s', (source, value) => {
    expect(parseExactJson(source)).toBe(value)
    expect(digitsOf(parseExactJson(source))).toBeUndefined()
  })

  test('loses nothing of any JSON without fractions', () => {
    fc.assert(
      fc.property(json, (source) => {
        expect(rewrite(source)).toBe(source)
      }),
    )
  })

  test('writes each number with the value that it had, and reads the doubles that JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1 }), (sources) => {
        const parsed = parseExactJson(`[${sources.join(', ')}]`)
        const written = JSON.stringify(parsed).slice(1, -1).split(',')
        for (const [index, source] of sources.entries())
          expect([source, isSameValue(source, written[index] ?? '')]).toEqual([source, true])
        expect(approximate(parsed)).toEqual(sources.map(Number))
      }),
    )
  })

  test('refuses what JSON.parse refuses', () => {
    for (const broken of ['', '[1e400', '01', '-', '1e400e', '[1e400,]', '.5', '12345678901234567890.'])
      expect(() => parseExactJson(broken)).toThrow(SyntaxError)
  })

  test('keeps the last of two members with one name', () => {
    expect(rewrite('{"a":1,"a":12345678901234567890}')).toBe('{"a":12345678901234567890}')
    expect(rewrite('{"a":12345678901234567890,"a":1}')).toBe('{"a":1}')
    expect(rewrite('{"__proto__":12345678901234567890}')).toBe('{"__proto__":12345678901234567890}')
  })

  test('reads what is nested deeper than the stack', () => {
    const levels = 200_000
    const deep = parseExactJson(`${'['.repeat(levels)}1e400${']'.repeat(levels)}`)
    expect(approximate(deep)).toBe(deep)
    let innermost = deep
    while (Array.isArray(innermost)) innermost = innermost[0]
    expect(digitsOf(innermost)).toBe('1e400')
  })

  test('reads what JSON.parse reads, and refuses what it refuses, but for the digits', () => {
    const piece = fc.constantFrom(
      ...'[]{},:"\\'.split(''),
      '\\"',
      '\\u0022',
      ' ',
      '1e400',
      '-0',
      '1',
      'true',
      'é',
    )
    const broken = fc.oneof(
      fc.array(fc.oneof(piece, number), { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.tuple(json, fc.nat(), piece).map(([valid, at, cut]) => {
        const index = at % (valid.length + 1)
        return valid.slice(0, index) + cut + valid.slice(index)
      }),
    )
    const outcome = (parse: (source: string) => unknown, source: string) => {
      try {
        return { value: parse(source) }
      } catch (error) {
        return { error: error instanceof SyntaxError && error.message }
      }
    }
    const property = fc.property(broken, (source) => {
      expect(approximate(outcome(parseExactJson, source))).toEqual(outcome(JSON.parse, source))
    })
    fc.assert(property, { numRuns: 2000 })
  })

  test('has the same tree for code that computes if every number is exact', () => {
    const tree = parseExactJson('{"a":[1,{"b":1.5}],"c":"12345678901234567890"}')
    expect(approximate(tree)).toBe(tree)
  })

  test('costs a time that grows with the tree, not with its levels', () => {
    const nested = parseExactJson(`${'{"a":'.repeat(120)}1e400${'}'.repeat(120)}`)
    expect(JSON.stringify(approximate(nested))).toContain('{"a":null}')
  })

  test('has plain numbers where there is no JSON.rawJSON', () => {
    vi.stubGlobal('JSON', { parse: JSON.parse, stringify: JSON.stringify })
    expect(parseExactJson('[820982911946154508]')).toEqual([820982911946154500])
    expect(approximate({ a: 1 })).toEqual({ a: 1 })
    vi.unstubAllGlobals()
  })

  test('is no number for other values', () => {
    for (const value of ['1', null, true, { rawJSON: '1' }, []]) {
      expect(digitsOf(value)).toBeUndefined()
      expect(numberText(value)).toBeUndefined()
    }
    expect(numberText(1.5)).toBe('1.5')
  })
})
