import { describe, expect, it, vi } from 'vitest'
import type { Streams } from '#shared/core/streams.ts'
import { createStreamsStore } from './streams-store.ts'

function withLag(lag: number): Streams {
  const group = { name: 'fold', state: 'Stable', members: [], lag, lagMs: lag * 100, offsets: [] }
  return { brokers: [], topics: [], groups: [group] }
}

function createWorld() {
  let time = 0
  const waiting: { readonly run: () => void; readonly ms: number }[] = []
  const responses: (Streams | Error)[] = []
  const read = vi.fn(async () => {
    const next = responses.shift() ?? withLag(0)
    if (next instanceof Error) throw next
    return next
  })
  const store = createStreamsStore({
    read,
    now: () => time,
    later(run, ms) {
      const one = { run, ms }
      waiting.push(one)
      return () => void waiting.splice(waiting.indexOf(one) >>> 0, 1)
    },
  })
  const settle = () => new Promise((done) => setImmediate(done))
  const pass = async () => {
    const next = waiting.shift()
    time += next?.ms ?? 0
    next?.run()
    await settle()
    return next?.ms
  }
  return { store, read, responses, pass, settle, waiting }
}

describe('what the page knows of Kafka', () => {
  it('is asked for while somebody listens, and keeps the lags of each group', async () => {
    const { store, read, responses, pass, settle, waiting } = createWorld()
    responses.push(withLag(5), withLag(3))

    const stop = store.subscribe(() => {})
    await settle()
    await pass()

    expect(store.snapshot()).toMatchObject({ updatedAt: 2000, error: null, streams: withLag(3) })
    expect(store.snapshot().lags.get('fold')).toEqual([
      { at: 0, lag: 5, lagMs: 500 },
      { at: 2000, lag: 3, lagMs: 300 },
    ])
    stop()
    expect(waiting).toEqual([])
    expect(read).toHaveBeenCalledTimes(2)
    store.subscribe(() => {})
    await settle()
    expect(store.snapshot().lags.get('fold')).toHaveLength(3)
  })

  it('stays as it was if Kafka is away, which is asked again a little later', async () => {
    const { store, responses, pass, settle } = createWorld()
    responses.push(withLag(5), new Error('away'), withLag(1))

    store.subscribe(() => {})
    await settle()
    await pass()
    expect(store.snapshot()).toMatchObject({ streams: withLag(5), error: new Error('away') })

    expect(await pass()).toBe(5000)
    expect(store.snapshot()).toMatchObject({ streams: withLag(1), error: null })
  })
})
