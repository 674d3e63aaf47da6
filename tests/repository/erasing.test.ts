import { expect, test } from 'vitest'
import { domains } from '#shared/domain/catalog.ts'

test('every view says what becomes of an event that is erased', () => {
  for (const { name, views = {} } of domains)
    for (const [view, { erasing }] of Object.entries(views))
      expect
        .soft(erasing?.rule, `${name}/${view} has no "erasing": what of a single event does it keep?`)
        .toMatch(/\.$/)
})
