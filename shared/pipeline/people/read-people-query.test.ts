import { expect, test } from 'vitest'
import { readPeopleQuery } from './read-people-query.ts'

test('a query has a text and a limit, and both have defaults', () => {
  expect(readPeopleQuery({})).toEqual({ q: '', limit: 50 })
  expect(readPeopleQuery({ q: ' Ada ', limit: '100' })).toEqual({ q: 'Ada', limit: 100 })
})

test.each([{ limit: '0' }, { limit: '101' }, { limit: '1e1' }, { limit: '' }, { q: 'x'.repeat(129) }])(
  '%j is refused',
  (query) => {
    expect(() => readPeopleQuery(query)).toThrowError(expect.objectContaining({ code: 'malformed' }))
  },
)
