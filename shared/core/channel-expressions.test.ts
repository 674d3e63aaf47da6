import fc from 'fast-check'
import { expect, test } from 'vitest'
import { refuseChannel } from './channel.ts'
import { CHANNEL_EXPRESSION, PATTERN_EXPRESSION } from './channel-expressions.ts'

const segment = fc.oneof(
  fc.constantFrom('*', '**', '', 'a', 'é', 'a b', 'x'.repeat(64), 'x'.repeat(65), 'A-_~9'),
  fc.string({ maxLength: 4 }),
)
const text = fc.array(segment, { maxLength: 10 }).map((segments) => segments.join('.'))

test('the regular expressions allow what refuseChannel allows, and nothing else', () => {
  fc.assert(
    fc.property(text, (channel) => {
      expect(new RegExp(CHANNEL_EXPRESSION, 'u').test(channel)).toBe(refuseChannel(channel) === null)
      expect(new RegExp(PATTERN_EXPRESSION, 'u').test(channel)).toBe(
        refuseChannel(channel, { patterns: true }) === null,
      )
    }),
    { numRuns: 3000 },
  )
})
