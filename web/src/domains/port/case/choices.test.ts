import { expect, test } from 'vitest'
import { choicesOf } from './choices.ts'

const PEOPLE = [
  { name: 'ada@example.com', role: 'admin' },
  { name: 'bob@example.com', role: 'viewer' },
  { name: 'me@example.com', role: 'operator' },
] as const
const namesOf = (given: Partial<Parameters<typeof choicesOf>[1]>) =>
  choicesOf(PEOPLE, { me: 'me@example.com', assignee: null, typed: '', ...given }).map(
    ({ assignee }) => assignee,
  )

test('the reader is first, and once', () => {
  expect(namesOf({})).toEqual(['me@example.com', 'ada@example.com', 'bob@example.com'])
  expect(namesOf({ typed: 'ME' })).toEqual(['me@example.com'])
})

test('people are found by a part of their name, ignoring case', () => {
  expect(namesOf({ typed: ' BOB' })).toEqual(['bob@example.com'])
  expect(namesOf({ typed: 'nobody' })).toEqual([])
})

test('a key cannot assign to itself', () => {
  expect(namesOf({ me: 'key:local-dev' })).toEqual(PEOPLE.map(({ name }) => name))
})

test('what is assigned can be taken from everybody', () => {
  expect(namesOf({ assignee: 'bob@example.com' }).at(-1)).toBeNull()
  expect(namesOf({ assignee: 'bob@example.com', typed: 'ada' })).toEqual(['ada@example.com'])
})
