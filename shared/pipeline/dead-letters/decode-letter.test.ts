import { expect, test } from 'vitest'
import { makeLetter } from '#shared/testing/dead-letters/letters.ts'
import { decodeLetter } from './decode-letter.ts'

const EVENT = { specversion: '1.0', id: '1', source: '/s', type: 't', data: { n: 1 } }
const value = btoa(JSON.stringify(EVENT))

test('the event of a dead letter is read from its bytes, in structured mode', () => {
  expect(decodeLetter(makeLetter({ value }))).toEqual(EVENT)
})

test('the event of a dead letter is read from its headers, in binary mode', () => {
  const named = {
    ce_specversion: '1.0',
    ce_id: '1',
    ce_source: '/s',
    ce_type: 't',
    'content-type': 'application/json',
  }
  const headers = Object.entries(named).map(([name, text]) => ({ name, value: btoa(text) }))
  expect(decodeLetter(makeLetter({ headers, value: btoa('{"n":1}') }))).toMatchObject(EVENT)
})

test('bytes that are no event, are cut or are erased have none', () => {
  expect(decodeLetter(makeLetter({ value: btoa('no event') }))).toBeNull()
  expect(decodeLetter(makeLetter({ value, truncated: true }))).toBeNull()
  expect(decodeLetter(makeLetter({ value: null }))).toBeNull()
})
