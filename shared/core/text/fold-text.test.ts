import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldText } from './fold-text.ts'

test.each([
  ['Müller', 'mu\u0308ller'],
  ['MU\u0308LLER', 'müller'],
  ['Ångström', '\u212bngstro\u0308m'],
  ['Việt', 'Vie\u0323\u0302t'],
  ['한국', '\u1112\u1161\u11ab\u1100\u116e\u11a8'],
  ['İ', 'I\u0307'],
  ['q\u0323\u0307', 'q\u0307\u0323'],
])('%j and %j are the same text', (one, other) => {
  expect(foldText(one)).toBe(foldText(other))
})

test('other letters stay others', () => {
  expect(foldText('Muller')).not.toBe(foldText('Müller'))
  expect(foldText('ABC-1')).toBe('abc-1')
})

test('text is the same however it is composed, and folding it again changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const folded = foldText(text)
      expect(foldText(text.normalize('NFD'))).toBe(folded)
      expect(foldText(text.normalize('NFC'))).toBe(folded)
      expect(foldText(folded)).toBe(folded)
    }),
  )
})
