import { expect, test } from 'vitest'
import { entityTag, hasAlready, passesIfMatch } from './entity-tag.ts'

const TAG = entityTag({ epoch: 'k3v9x1', offset: 12 })

test('If-Match matches the same tag, a list with it, and *; a weak tag never matches (RFC 9110 §13.1.1)', () => {
  for (const header of [undefined, TAG, '*', `"other", ${TAG}`]) expect(passesIfMatch(header, TAG)).toBe(true)
  for (const header of ['"k3v9x1-1"', `W/${TAG}`, '', 'k3v9x1-12'])
    expect(passesIfMatch(header, TAG)).toBe(false)
})

test('If-None-Match matches weak tags too (RFC 9110 §13.1.2)', () => {
  for (const header of [TAG, '*', `W/${TAG}`, `"other",${TAG}`]) expect(hasAlready(header, TAG)).toBe(true)
  for (const header of [undefined, '"k3v9x1-1"', '']) expect(hasAlready(header, TAG)).toBe(false)
})
