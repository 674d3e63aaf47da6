import { expect, test } from 'vitest'
import { toSettings } from './settings.ts'

test('stored settings are read back', () => {
  expect(toSettings({ theme: 'dark', times: 'utc', shortcuts: false })).toMatchObject({
    theme: 'dark',
    times: 'utc',
    shortcuts: false,
    autoRefresh: true,
  })
})

test.each([null, 'text', 7, [], { theme: 'pink', times: 5, shortcuts: 'no' }])(
  'unknown values of other versions (%j) become the defaults',
  (kept) => {
    expect(toSettings(kept)).toMatchObject({ theme: 'system', times: 'local', shortcuts: true })
  },
)
