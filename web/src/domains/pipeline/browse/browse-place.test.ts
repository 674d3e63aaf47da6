import { describe, expect, it } from 'vitest'
import { olderThan, pageAddress, readPlace, recordAddress, tailAddress } from './browse-place.ts'

describe('what of a partition is shown', () => {
  it('is in the address', () => {
    expect(readPlace({})).toEqual({ partition: 0, start: null, q: '', field: '', record: null })
    expect(readPlace({ partition: '2', offset: '12', q: 'box', field: 'id=a', record: '14' })).toEqual({
      partition: 2,
      start: { offset: 12 },
      q: 'box',
      field: 'id=a',
      record: 14,
    })
    expect(readPlace({ time: '2026-03-01T08:00' }).start).toEqual({ time: '2026-03-01T08:00' })
    expect(readPlace({ partition: '-1', offset: 'x', time: 'yesterday' })).toMatchObject({
      partition: 0,
      start: null,
    })
  })

  it('is asked of the API', () => {
    expect(pageAddress('port-events', readPlace({}))).toBe('/streams/port-events/0?limit=50')
    expect(pageAddress('a/b', readPlace({ partition: '1', offset: '7', field: 'data.a=1&2' }))).toBe(
      '/streams/a%2Fb/1?limit=50&offset=7&field=data.a%3D1%262',
    )
    expect(pageAddress('t', readPlace({ time: '2026-03-01T08:00:00Z' }))).toBe(
      '/streams/t/0?limit=50&time=2026-03-01T08%3A00%3A00.000Z',
    )
    expect(tailAddress('t', readPlace({ q: 'x' }), { next: 9, wait: 20 })).toBe(
      '/streams/t/0?limit=50&offset=9&q=x&wait=20',
    )
    expect(recordAddress('t', 0, 4)).toBe('/streams/t/0?offset=4&limit=1')
  })

  it('has a page before it, down to the earliest record', () => {
    expect(olderThan(120, 0, false)).toBe(70)
    expect(olderThan(20, 5, false)).toBe(5)
    expect(olderThan(5000, 0, true)).toBe(4000)
    expect(olderThan(5, 5, false)).toBeNull()
  })
})
