import { expect, test } from 'vitest'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { keysFor } from './apply-event.ts'

/** The keys of an event whose view names just this key, and the faults. */
function keysForOne(key: string) {
  const faults: string[] = []
  const keys = keysFor(
    { keys: () => [key] },
    makeStored({ offset: 0 }, makeEvent('e')),
    (reason) => void faults.push(reason),
  )
  return { keys, faults }
}

test.each([
  ['a NUL', 'x\0y', /contains the character NUL/],
  ['half a character', 'x\ud800', /is not valid Unicode/],
  ['more than 512 bytes', 'é'.repeat(257), /is longer than 512 bytes/],
])('a key with %s cannot be stored', (_, key, reason) => {
  const { keys, faults } = keysForOne(key)

  expect(keys).toEqual([])
  expect(faults).toEqual([expect.stringMatching(reason)])
})

test('other keys can be stored', () => {
  for (const key of ['', 'a/b c', 'é'.repeat(256), '\u{1f600}'])
    expect(keysForOne(key)).toEqual({ keys: [key], faults: [] })
})
