import { expect, test } from 'vitest'
import { toSettings } from './settings.ts'

test('what was kept comes back', () => {
  expect(toSettings({ theme: 'dark', times: 'utc', shortcuts: false })).toMatchObject({
    theme: 'dark',
    times: 'utc',
    shortcuts: false,
    autoRefresh: true,
  })
})

test.each([null, 'text', 7, [], { theme: 'pink', times: 5, shortcuts: 'no' }])(
  'what an older or a foreign version left behind (%j) does no harm',
  (kept) => {
    expect(toSettings(kept)).toMatchObject({ theme: 'system', times: 'local', shortcuts: true })
  },
)
