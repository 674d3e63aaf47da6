import { expect, it } from 'vitest'
import { bodyOf, NEW_DRAFT } from './draft.ts'

it('describes a replay of events with its range as instants', () => {
  const from = '2026-03-01T08:00'

  expect(
    bodyOf({ ...NEW_DRAFT, channels: ' port.*, blog.* ,', from, place: ' https://example.com/in ' }),
  ).toEqual({
    kind: 'events',
    channels: ['port.*', 'blog.*'],
    from: new Date(from).toISOString(),
    target: { url: 'https://example.com/in' },
    rate: 100,
  })
  expect(bodyOf({ ...NEW_DRAFT, from, to: from, target: 'connection', place: 'c1=' })).toMatchObject({
    to: new Date(from).toISOString(),
    target: { connection: 'c1=' },
  })
})

it('describes a rebuild of views, of all domains unless some are named', () => {
  expect(bodyOf({ ...NEW_DRAFT, kind: 'views' })).toEqual({ kind: 'views' })
  expect(bodyOf({ ...NEW_DRAFT, kind: 'views', domains: 'port,blog', acceptLoss: true })).toEqual({
    kind: 'views',
    domains: ['port', 'blog'],
    acceptLoss: true,
  })
})
