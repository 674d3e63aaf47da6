import { expect, test } from 'vitest'
import { nextLink, withoutHeader } from './export-csv.ts'

test('finds the page below', () => {
  expect(nextLink('</events.csv?next=a%3Db>; rel="next"')).toBe('/events.csv?next=a%3Db')
  expect(nextLink(null)).toBeNull()
})

test('takes the header row off, and nothing else', () => {
  expect(withoutHeader('id,title\r\n1,"a\nb"\r\n')).toBe('1,"a\nb"\r\n')
  expect(withoutHeader('id,title')).toBe('')
})
