import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nameEvent, readEventName } from './event-name.ts'

test.each([
  ['arrival-7781', '/cranes/4', 'arrival-7781@%2Fcranes%2F4'],
  ['7', 'urn:example:cranes', '7@urn:example:cranes'],
  ['100%/a@b', 'mailto:crane@port.example', '100%25%2Fa%40b@mailto:crane%40port.example'],
])('the name of %s from %s is %s', (id, source, name) => {
  expect(nameEvent({ id, source })).toBe(name)
})

test('a text without @ is an id alone', () => {
  expect(readEventName('100%25')).toEqual({ id: '100%25' })
})

test('a name is one segment of a path, and stands for its pair alone', () => {
  const part = fc.oneof(fc.string(), fc.stringMatching(/^[%@/2540Ff]{0,8}$/))
  fc.assert(
    fc.property(part, part, (id, source) => {
      const name = nameEvent({ id, source })
      expect(name).not.toContain('/')
      expect(readEventName(name)).toEqual({ id, source })
    }),
  )
})
