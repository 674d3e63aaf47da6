import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findFaults, type JsonSchema } from './json-schema.ts'

const schema: JsonSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 5 },
    kind: { enum: ['a', 'b'] },
    count: { type: 'integer', minimum: 0, maximum: 10 },
    code: { type: 'string', pattern: '^[A-Z]+$' },
    place: {
      type: 'object',
      required: ['latitude'],
      properties: { latitude: { type: 'number', minimum: -90, maximum: 90 } },
    },
  },
}

test('says at each field what is wrong with it', () => {
  expect(findFaults(schema, { kind: 'c', count: 11, code: 'x1', place: {} })).toEqual({
    '/name': 'This is required.',
    '/kind': 'Must be one of a, b.',
    '/count': 'Must be at most 10.',
    '/code': 'This does not have the right form.',
    '/place/latitude': 'This is required.',
  })
  expect(findFaults(schema, { name: 'ok', count: 1.5, place: 'here' })).toEqual({
    '/count': 'Must be a whole number.',
    '/place': 'Must be a JSON object.',
  })
})

test('lets through what fits, and members that nobody knows', () => {
  expect(findFaults(schema, { name: 'ok', other: [1], place: { latitude: 3 } })).toEqual({})
})

test('finds faults exactly where a full validator does', () => {
  const validate = new Ajv2020().compile(schema)
  const value = fc.record(
    {
      name: fc.oneof(fc.string({ maxLength: 7 }), fc.integer()),
      kind: fc.constantFrom('a', 'b', 'c', null),
      count: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -1, max: 11 })),
      code: fc.constantFrom('ABC', 'abc', ''),
      place: fc.oneof(
        fc.constant([]),
        fc.record({ latitude: fc.integer({ min: -95, max: 95 }) }, { requiredKeys: [] }),
      ),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(value, (one) => {
      expect(Object.keys(findFaults(schema, one)).length === 0).toBe(validate(one))
    }),
    { numRuns: Number(process.env.FC_RUNS ?? 300) },
  )
})
