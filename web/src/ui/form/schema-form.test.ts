import { expect, test } from 'vitest'
import { labelOf, readSchemaForm } from './schema-form.tsx'

const schema = {
  properties: {
    title: { type: 'string' },
    weightKg: { type: 'number' },
    urgent: { type: 'boolean' },
    metadata: { type: 'object' },
    coordinates: { type: 'object', properties: { latitude: { type: 'number' } } },
  },
}
const form = (fields: Record<string, string>) => {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.set(name, value)
  return data
}

test('typed texts become data of their types; empty fields are left out', () => {
  const typed = {
    '/title': ' a ',
    '/weightKg': '1.5',
    '/urgent': 'on',
    '/coordinates/latitude': '54',
    '/metadata': '{"a":1}',
  }
  expect(readSchemaForm(schema, form(typed))).toEqual({
    value: { title: 'a', weightKg: 1.5, urgent: true, coordinates: { latitude: 54 }, metadata: { a: 1 } },
    faults: {},
  })
  expect(readSchemaForm(schema, form({ '/title': '' }))).toEqual({ value: {}, faults: {} })
})

test('typed numbers keep their digits', () => {
  const typed = { '/weightKg': '820982911946154508', '/metadata': '{"n":[1e400,9007199254740993]}' }
  const { value, faults } = readSchemaForm(schema, form(typed))
  expect(JSON.stringify(value)).toBe(
    '{"weightKg":820982911946154508,"metadata":{"n":[1e400,9007199254740993]}}',
  )
  expect(faults).toEqual({})
  expect(readSchemaForm(schema, form({ '/weightKg': '+5' })).value).toEqual({ weightKg: 5 })
})

test('what cannot be read is reported at its field', () => {
  const { faults } = readSchemaForm(schema, form({ '/weightKg': 'heavy', '/metadata': '{' }))
  expect(Object.keys(faults)).toEqual(['/weightKg', '/metadata'])
})

test('names become labels', () => {
  expect(['weightKg', 'requiresAction', 'berth'].map(labelOf)).toEqual([
    'Weight kg',
    'Requires action',
    'Berth',
  ])
})
