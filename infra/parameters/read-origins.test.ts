import { expect, test } from 'vitest'
import { readOrigins } from './read-origins.ts'

test('origins are listed once, without the spaces around them', () => {
  expect(readOrigins('https://a.example, http://localhost:8080,https://a.example,')).toEqual([
    'https://a.example',
    'http://localhost:8080',
  ])
  expect(readOrigins('')).toEqual([])
})

test.each([
  '*',
  'null',
  'a.example',
  'https://a.example/',
  'https://a.example/app',
  'https://A.example',
  'https://a.example:443',
  'https://*.example',
  'file:///tmp/page.html',
  'https://user@a.example',
])('%s is no origin', (text) => {
  expect(() => readOrigins(`https://b.example,${text}`)).toThrow(`${text} is not an origin`)
})
