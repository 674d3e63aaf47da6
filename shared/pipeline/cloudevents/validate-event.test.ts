import { describe, expect, it } from 'vitest'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { Refusal } from '#shared/core/refusal.ts'
import {
  MINIMAL,
  MORE_INVALID,
  MORE_VALID,
  SUITE_INVALID,
  SUITE_VALID,
} from '#shared/testing/cloudevents/conformance-cases.ts'
import { validateEvent } from './validate-event.ts'

const faultsOf = (value: unknown): readonly { pointer: string; detail: string }[] => {
  try {
    validateEvent(value)
  } catch (error) {
    if (error instanceof Refusal && error.code === 'invalid_event') return error.faults
    throw error
  }
  return []
}

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))

describe('validateEvent', () => {
  it.each([...SUITE_VALID, ...MORE_VALID])('accepts %s', (_title, members) => {
    const isSet = ([name, value]: [string, unknown]) => value !== null || name === 'data'

    const event = validateEvent({ ...MINIMAL, ...members })

    expect(event).toEqual(Object.fromEntries(Object.entries({ ...MINIMAL, ...members }).filter(isSet)))
  })

  it.each([...SUITE_INVALID, ...MORE_INVALID])('refuses %s', (_title, members, pointer) => {
    const value = Object.fromEntries([...Object.entries(MINIMAL), ...Object.entries(members)])

    const faults = faultsOf(value)

    expect(faults.map((fault) => fault.pointer)).toEqual([pointer])
    expect(faults[0]?.detail).toMatch(/\.$/)
  })

  it.each([[null], [[]], ['text'], [5], [undefined]])('refuses %j, which is not an object', (value) => {
    expect(faultsOf(value)).toEqual([{ pointer: '', detail: 'must be a JSON object.' }])
  })

  it('names the number that no JSON can have, and takes one with any digits at the deepest level', () => {
    const detailOf = (data: unknown) => faultsOf({ ...MINIMAL, data })[0]?.detail
    expect(detailOf({ a: [Number.POSITIVE_INFINITY] })).toBe('must be JSON, which has no number Infinity.')
    const deep = (levels: number) => parseExactJson(`${'['.repeat(levels)}1e400${']'.repeat(levels)}`)
    expect(detailOf(deep(128))).toBeUndefined()
    expect(detailOf(deep(129))).toBe('must be JSON of at most 128 levels.')
  })

  it('reports every fault, not only the first', () => {
    const faults = faultsOf({
      specversion: '2.0',
      source: '',
      time: 'noon',
      Bad: 1,
      ext: 0.5,
      data: 1,
      data_base64: '',
    })

    const pointers = faults.map(({ pointer }) => pointer).sort()
    expect(pointers).toEqual([
      '/Bad',
      '/data_base64',
      '/ext',
      '/id',
      '/source',
      '/specversion',
      '/time',
      '/type',
    ])
  })

  it('reports more than a hundred attributes as one fault', () => {
    const names = Array.from({ length: 5000 }, (_, index) => [`BAD${index}`, 1])

    expect(faultsOf({ ...MINIMAL, ...Object.fromEntries(names) })).toHaveLength(1)
  })

  it('returns the same object if no attribute is removed', () => {
    const event = { ...MINIMAL, data: { a: null } }

    expect(validateEvent(event)).toBe(event)
  })

  it('refuses data that is nested too deeply to be encoded, and data with a cycle', () => {
    const circle: unknown[] = []
    circle.push(circle)

    expect(faultsOf({ ...MINIMAL, data: nested(128) })).toEqual([])
    expect(faultsOf({ ...MINIMAL, data: nested(129) })).toMatchObject([{ pointer: '/data' }])
    expect(faultsOf({ ...MINIMAL, data: circle })).toMatchObject([{ pointer: '/data' }])
  })

  it.each([[Number.NaN], [1n], [() => 1]])('refuses data that JSON cannot represent: %s', (data) => {
    expect(faultsOf({ ...MINIMAL, data: { in: [data] } })).toMatchObject([{ pointer: '/data' }])
  })

  it('lets the caller complete missing attributes, and validates the result', () => {
    const event = validateEvent({ type: 'com.example.test', id: null }, (draft) => ({ ...MINIMAL, ...draft }))
    const unset = validateEvent({}, () => ({ ...MINIMAL, subject: null }))
    const refused = () => validateEvent({ id: '7' }, (draft) => ({ ...MINIMAL, ...draft, type: '' }))

    expect([event, unset]).toEqual([MINIMAL, MINIMAL])
    expect(refused).toThrow('/type must not be empty')
  })

  // A pattern that backtracks would exceed the time limit of the test.
  it.each([
    ['a%', 'a'],
    ['//a@a:x', 'a'],
    ['a;a=a"', 'a'],
    ['a/a;a=a ', ';a=a'],
    ['%41%', '%41'],
    ['2023-01-01T00:00:00.0', '0'],
  ])('validates %s with 100,000 repetitions of %s', (text, part) => {
    const long = text.replaceAll(part, part.repeat(100_000))

    const faults = faultsOf({
      ...MINIMAL,
      dataschema: long,
      datacontenttype: long,
      time: long,
      data_base64: long,
    })

    expect(faults.map(({ pointer }) => pointer)).toContain('/time')
  })
})
