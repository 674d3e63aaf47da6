import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CHANNEL_EXPRESSION,
  channelProblem,
  matchesChannel,
  PATTERN_EXPRESSION,
  patternsCovering,
  patternsOverlap,
} from './channel.ts'
import { CHANNEL_LIMITS } from './limits.ts'

const isPattern = (text: string) => channelProblem(text, { patterns: true }) === null

/** Returns every sequence of at most `maximum` segments of an alphabet. */
function enumerate(alphabet: readonly string[], maximum: number): string[] {
  const longer = (shorter: readonly string[]) =>
    shorter.flatMap((text) => alphabet.map((one) => `${text}.${one}`))
  const levels: string[][] = [[...alphabet]]
  while (levels.length < maximum) levels.push(longer(levels.at(-1) ?? []))
  return levels.flat()
}

describe('a channel', () => {
  test.each(['port', 'port.container', 'A-b_c~1.2', 'a.b.c.d.e.f.g.h', 'x'.repeat(64)])(
    '%s is allowed',
    (channel) => {
      expect(channelProblem(channel)).toBeNull()
    },
  )

  test.each([
    ['', 'empty segment'],
    ['a..b', 'empty segment'],
    ['.a', 'empty segment'],
    ['a.', 'empty segment'],
    ['a.b.c.d.e.f.g.h.i', '9 segments'],
    ['x'.repeat(65), 'longer than 64'],
    ['a b', '"a b"'],
    ['ä', '"ä"'],
    ['a.*', '"*"'],
    ['**', '"**"'],
    ['a\n', 'a\\n'],
  ])('%j is refused with the reason', (channel, reason) => {
    expect(channelProblem(channel)).toContain(reason)
  })
})

describe('a pattern', () => {
  test.each(['*', '**', 'a.*', '*.a.*', 'a.**', '*.*.**', 'a.b.c.d.e.f.g.**'])('%s is allowed', (pattern) => {
    expect(channelProblem(pattern, { patterns: true })).toBeNull()
  })

  test.each([
    ['*.*.*', '3 single-segment wildcards'],
    ['**.a', 'must be the last'],
    ['a*', '"a*"'],
    ['***', '"***"'],
    ['a.b.c.d.e.f.g.h.**', '9 segments'],
  ])('%s is refused with the reason', (pattern, reason) => {
    expect(channelProblem(pattern, { patterns: true })).toContain(reason)
  })

  test('matches one segment with *, and any number of segments, including none, with **', () => {
    expect(matchesChannel('a.*', 'a.b')).toBe(true)
    expect(matchesChannel('a.*', 'a')).toBe(false)
    expect(matchesChannel('a.*', 'a.b.c')).toBe(false)
    expect(matchesChannel('a.**', 'a')).toBe(true)
    expect(matchesChannel('a.**', 'a.b.c')).toBe(true)
    expect(matchesChannel('a.**', 'ab')).toBe(false)
    expect(matchesChannel('**', 'a.b')).toBe(true)
  })
})

describe('the patterns covering a channel', () => {
  test('are exactly the legal patterns that match, each once, by enumeration', () => {
    const patterns = enumerate(['a', 'b', '*', '**'], 5).filter(isPattern)

    for (const channel of enumerate(['a', 'b'], 4))
      expect(patternsCovering(channel).sort()).toEqual(
        patterns.filter((one) => matchesChannel(one, channel)).sort(),
      )
  })

  test('are legal, matching and distinct for channels of any length', () => {
    const segment = fc.constantFrom('a', 'b', 'long-one', '1')
    const channel = fc
      .array(segment, { minLength: 1, maxLength: CHANNEL_LIMITS.segments })
      .map((list) => list.join('.'))
    const property = fc.property(channel, (text) => {
      const covering = patternsCovering(text)
      expect(new Set(covering).size).toBe(covering.length)
      expect(covering.every((one) => isPattern(one) && matchesChannel(one, text))).toBe(true)
    })

    fc.assert(property)
  })

  test('are 11 for two segments, 21 for three and 129 for eight', () => {
    expect(['a.b', 'a.b.c', 'a.b.c.d.e.f.g.h'].map((channel) => patternsCovering(channel).length)).toEqual([
      11, 21, 129,
    ])
  })
})

test('patterns overlap if at least one channel is covered by both, by enumeration', () => {
  const patterns = enumerate(['a', 'b', '*', '**'], 3).filter(isPattern)
  const channels = enumerate(['a', 'b', 'c'], 4)

  for (const left of patterns)
    for (const right of patterns)
      expect(patternsOverlap(left, right), `${left} ${right}`).toBe(
        channels.some((channel) => matchesChannel(left, channel) && matchesChannel(right, channel)),
      )
})

const segment = fc.oneof(
  fc.constantFrom('*', '**', '', 'a', 'é', 'a b', 'x'.repeat(64), 'x'.repeat(65), 'A-_~9'),
  fc.string({ maxLength: 4 }),
)
const text = fc.array(segment, { maxLength: 10 }).map((segments) => segments.join('.'))

test('the regular expressions allow what channelProblem allows, and nothing else', () => {
  fc.assert(
    fc.property(text, (channel) => {
      expect(new RegExp(CHANNEL_EXPRESSION, 'u').test(channel)).toBe(channelProblem(channel) === null)
      expect(new RegExp(PATTERN_EXPRESSION, 'u').test(channel)).toBe(
        channelProblem(channel, { patterns: true }) === null,
      )
    }),
    { numRuns: 3000 },
  )
})
