import { describe, expect, test } from 'vitest'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { FILTER_FIELDS, matchesInterest, passesFilter } from './interest.ts'

const event = makeEvent('1', {
  type: 'port.container.arrived',
  severity: 'high',
  subject: 'C1',
  category: 'port.container',
})
const { severity: _, ...withoutSeverity } = event

describe('a filter', () => {
  test.each([
    ['nothing', undefined, true],
    ['no list', {}, true],
    ['the severity', { severity: ['low', 'high'] }, true],
    ['another severity', { severity: ['low'] }, false],
    ['the subject', { subject: ['C1'] }, true],
    ['another subject', { subject: ['c1'] }, false],
    ['the type', { type: ['port.container.arrived'] }, true],
    ['a pattern of the type', { type: ['other', 'port.**'] }, true],
    ['a pattern of other types', { type: ['port.*'] }, false],
    ['all of them', { severity: ['high'], subject: ['C1'], type: ['**'] }, true],
    ['one that does not match', { severity: ['high'], subject: ['C2'], type: ['**'] }, false],
    ['an empty list', { severity: [] }, false],
  ])('with %s', (_name, filter, passes) => {
    expect(passesFilter(filter, event)).toBe(passes)
  })

  test.each(FILTER_FIELDS)('of %s lets no event pass that has another value', (field) => {
    expect(passesFilter({ [field]: ['elsewhere'] }, event)).toBe(false)
  })

  test('of severities lets no event pass that has no severity', () => {
    expect(passesFilter({ severity: ['high'] }, withoutSeverity)).toBe(false)
  })
})

describe('an interest', () => {
  test('matches by one of its channels and the filter', () => {
    expect(matchesInterest({ channels: ['blog', 'port.*'] }, event)).toBe(true)
    expect(matchesInterest({ channels: ['blog'] }, event)).toBe(false)
    expect(matchesInterest({ channels: ['port.*'], filter: { severity: ['low'] } }, event)).toBe(false)
  })

  test('matches no event without a category', () => {
    const { category: _category, ...uncategorised } = event
    expect(matchesInterest({ channels: ['**'] }, uncategorised)).toBe(false)
  })
})
