import { describe, expect, test, vi } from 'vitest'
import { defineView } from '#shared/domain/define-domain.ts'
import type { ViewPart } from '#shared/pipeline/views/apply-event.ts'
import { settle } from '#shared/testing/client/fake-clock.ts'
import { createScript, eventAt, type Script } from '#shared/testing/client/scripted-server.ts'

/** Counts events per partition: one state for each kind, which is the last segment of the channel. */
const counts = defineView<{ readonly seen: readonly string[] }>({
  description: 'which events came',
  lateEvents: 'in any order',
  channels: ['a.**'],
  channelsOf: (key) => [`a.${key}`],
  keys: ({ event }) => [event.category?.split('.').at(-1) ?? ''],
  initial: () => ({ seen: [] }),
  apply: ({ seen }, { event }) => {
    if (event.id === '0-13') throw new Error('a bug of the fold')
    return { seen: [...seen, event.id] }
  },
  merge: (left, right) => ({ seen: [...left.seen, ...right.seen] }),
})
const example = { name: 'example', views: { counts } } as const

const part = (key: string, partition: number, offset: number, seen: string[], epoch = 'e1'): ViewPart => ({
  key,
  topic: 't',
  partition,
  epoch,
  offset,
  state: { seen },
})
const pageOf = (parts: ViewPart[], cursor: string, next: string | null = null) => ({ parts, cursor, next })

async function live(script: Script, cursor: string) {
  const socket = await script.opened()
  await settle()
  await socket.accept(cursor)
  return socket
}
const frame = (...events: ReturnType<typeof eventAt>[]) => ({ type: 'events', ids: ['s1'], events })

describe('a followed view', () => {
  test('continues from the snapshot, and applies only events that a part does not include', async () => {
    const script = createScript()
    script.answer = () => ({ body: pageOf([part('x', 0, 7, ['0-7'])], 't@e1:0=5') })
    const view = script.tidewire.view(example, 'counts')
    expect(view.current()).toEqual({ status: 'loading', states: new Map(), updatedAt: null })
    const socket = await live(script, 't@e1:0=5')

    await socket.frame(frame(eventAt(6), eventAt(7), eventAt(8), eventAt(0, 1), eventAt(9, 0, 'a.y')))

    expect(socket.asks()).toMatchObject([{ channels: ['a.**'], since: 't@e1:0=5' }])
    expect(view.current().status).toBe('live')
    expect(Object.fromEntries(view.current().states)).toEqual({
      x: { seen: ['0-7', '0-8', '1-0'] },
      y: { seen: ['0-9'] },
    })
  })

  test('begins again from the server where it meets an event that was erased', async () => {
    const script = createScript()
    script.answer = () => ({ body: pageOf([part('x', 0, 5, ['0-5'])], 't@e1:0=5') })
    const view = script.tidewire.view(example, 'counts')
    const socket = await live(script, 't@e1:0=5')
    script.answer = () => ({ body: pageOf([part('x', 0, 6, ['0-5', '0-6'])], 't@e1:0=6') })
    const { event, ...position } = eventAt(6)
    const { data: _, ...rest } = event

    await socket.frame(frame({ ...position, event: { ...rest, erased: '2026-03-01T10:00:00Z' } }))
    expect(view.current().status).toBe('stale')
    await script.clock.advance(1000)
    await settle()

    expect(Object.fromEntries(view.current().states)).toEqual({ x: { seen: ['0-5', '0-6'] } })
  })

  test('applies replayed and live events, and keeps the objects of unchanged states', async () => {
    const script = createScript()
    script.answer = () => ({
      body: pageOf([part('x', 0, 5, ['0-5']), part('y', 0, 4, ['0-4'])], 't@e1:0=5'),
    })
    const onChange = vi.fn()
    const view = script.tidewire.view(example, 'counts', { onChange })
    const socket = await live(script, 't@e1:0=5')
    const before = view.current()
    expect(view.current()).toBe(before)

    await socket.frame(frame(eventAt(6), eventAt(13), eventAt(14), eventAt(0, 1)))

    const { states } = view.current()
    expect(states.get('x')).toEqual({ seen: ['0-5', '0-6', '0-14', '1-0'] })
    expect(states.get('y')).toBe(before.states.get('y'))
    expect(before.states.get('x')).toEqual({ seen: ['0-5'] })
    expect(onChange).toHaveBeenCalled()
  })

  test('reads all pages and continues from the cursor of the first', async () => {
    const script = createScript()
    script.answer = ({ searchParams }) => ({
      body:
        searchParams.get('next') === 'two'
          ? pageOf([part('y', 0, 9, ['0-9'])], 't@e1:0=9')
          : pageOf([part('x', 0, 2, ['0-2'])], 't@e1:0=3', 'two'),
    })
    const view = script.tidewire.view(example, 'counts')
    const socket = await live(script, 't@e1:0=3')

    expect(script.requests.map(({ url }) => url.pathname + url.search)).toEqual([
      '/views/example/counts?parts=true',
      '/views/example/counts?parts=true&next=two',
    ])
    expect(socket.asks()).toMatchObject([{ since: 't@e1:0=3' }])
    expect([...view.current().states.keys()]).toEqual(['x', 'y'])
  })

  test('of one key requests that key and its channels, and folds nothing else', async () => {
    const script = createScript()
    script.answer = () => ({ body: pageOf([], '') })
    const view = script.tidewire.view(example, 'counts', { key: 'x y' })
    const socket = await live(script, 't@e1:')

    await socket.frame(frame(eventAt(0, 0, 'a.x y'), eventAt(1)))

    expect(script.requests[0]?.url.pathname).toBe('/views/example/counts/x%20y')
    expect(socket.asks()).toMatchObject([{ channels: ['a.x y'], since: 'earliest' }])
    expect(Object.fromEntries(view.current().states)).toEqual({ 'x y': { seen: ['0-0'] } })
  })

  test('begins again from a new snapshot after a gap, and its old states are stale until then', async () => {
    const script = createScript()
    script.answer = () => ({ body: pageOf([part('x', 0, 5, ['0-5'])], 't@e1:0=5') })
    const view = script.tidewire.view(example, 'counts')
    const socket = await live(script, 't@e1:0=5')
    script.answer = () => ({ body: pageOf([part('x', 0, 1, ['new'], 'e2')], 't@e2:0=1') })

    await socket.frame({ type: 'gap', ids: ['s1'] })
    const ask = socket.asks().at(-1)
    await socket.frame({
      type: 'subscribed',
      id: 's1',
      attempt: ask?.attempt,
      cursor: 't@e2:0=2',
      recovered: false,
      reason: 'epoch',
    })

    expect(view.current()).toMatchObject({ status: 'stale' })
    expect(view.current().states.get('x')).toEqual({ seen: ['0-5'] })
    await script.clock.advance(1000)
    await socket.accept('t@e2:0=1', 's2')
    await socket.frame({ ...frame(eventAt(2)), ids: ['s2'] })
    expect(view.current()).toMatchObject({ status: 'live' })
    expect(view.current().states.get('x')).toEqual({ seen: ['new', '0-2'] })
    expect(socket.sent.filter(({ action }) => action === 'unsubscribe')).toHaveLength(1)
  })

  test('retries while the server is unavailable, and ends if the server refuses the view', async () => {
    const script = createScript()
    const onError = vi.fn()
    script.answer = () => ({ status: 503, body: { title: 'Later' }, type: 'application/problem+json' })
    const view = script.tidewire.view(example, 'counts', { onError })
    await settle()
    expect(view.current().status).toBe('loading')
    script.answer = () => ({ status: 404, body: { title: 'No view' }, type: 'application/problem+json' })
    await script.clock.advance(1000)
    expect(view.current().status).toBe('refused')
    expect(onError.mock.calls.map(([{ code }]) => code)).toEqual(['http_503', 'http_404'])
    await script.clock.advance(60_000)
    expect(script.requests.filter(({ url }) => url.pathname.startsWith('/views'))).toHaveLength(2)
  })

  test('leaves nothing running when it is closed, alone or with the client', async () => {
    const script = createScript()
    script.answer = () => ({ body: pageOf([], 't@e1:') })
    const reading = script.tidewire.view(example, 'counts')
    reading.close()
    const other = script.tidewire.view(example, 'counts')
    const socket = await live(script, 't@e1:')
    expect(socket.asks().map(({ id }) => id)).toEqual(['s1'])
    other.close()
    expect(socket.sent.at(-1)).toEqual({ action: 'unsubscribe', id: 's1' })

    script.tidewire.view(example, 'counts')
    script.tidewire.close()
    await settle()
    expect(socket.asks()).toHaveLength(1)
    expect(() => script.tidewire.view(example, 'counts')).toThrow('closed')
  })
})
