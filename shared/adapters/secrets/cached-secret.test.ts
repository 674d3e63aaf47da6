import { beforeEach, describe, expect, test, vi } from 'vitest'
import { cachedSecret } from './cached-secret.ts'
import type { Secret } from './secrets-manager.ts'

const FRESH_MS = 60_000
const secret = (value: string): Secret => ({ value, created: 1 })

let time: number
const read = vi.fn<() => Promise<Secret>>()
beforeEach(() => {
  time = 1_000_000
  read.mockReset().mockResolvedValue(secret('old'))
  vi.spyOn(console, 'error').mockImplementation(() => {})
})

const create = () => cachedSecret(read, { now: () => time, freshMs: FRESH_MS })

describe('a cached secret', () => {
  test('is read at its first use, once for all that wait, and again when it is no longer fresh', async () => {
    const cached = create()
    expect(read).not.toHaveBeenCalled()

    expect(await Promise.all([cached.current(), cached.current()])).toEqual([secret('old'), secret('old')])
    time += FRESH_MS
    await cached.current()
    expect(read).toHaveBeenCalledTimes(1)

    read.mockResolvedValue(secret('new'))
    time += 1
    expect(await cached.current()).toEqual(secret('new'))
    expect(read).toHaveBeenCalledTimes(2)
  })

  test.each([-3_600_000, 3_600_000])('is read again after the clock moved by %i ms', async (ms) => {
    const cached = create()
    await cached.current()
    time += ms

    await cached.current()

    expect(read).toHaveBeenCalledTimes(2)
  })

  test('stays what it was while it cannot be read, and is tried again every 10 s', async () => {
    const cached = create()
    await cached.current()
    read.mockRejectedValue(new Error('down'))
    time += FRESH_MS + 1

    expect([await cached.current(), await cached.current()]).toEqual([secret('old'), secret('old')])
    expect(read).toHaveBeenCalledTimes(2)

    read.mockResolvedValue(secret('new'))
    time += 10_001
    expect(await cached.current()).toEqual(secret('new'))
  })

  test('that was never read is an error, and the next use tries again', async () => {
    const cached = create()
    read.mockRejectedValueOnce(new Error('down'))

    await expect(cached.current()).rejects.toThrow('down')
    expect(await cached.current()).toEqual(secret('old'))
  })

  test('is read again for somebody who needs it newer, who is told of a failure', async () => {
    const cached = create()
    await cached.current()
    time += 5000
    await cached.noOlderThan(5000)
    expect(read).toHaveBeenCalledTimes(1)

    read.mockRejectedValueOnce(new Error('down'))
    await expect(cached.noOlderThan(4999)).rejects.toThrow('down')
    read.mockResolvedValue(secret('new'))
    expect(await cached.noOlderThan(4999)).toEqual(secret('new'))
  })

  test('is as old as the begin of its read', async () => {
    const cached = create()
    const pending = Promise.withResolvers<Secret>()
    read.mockReturnValueOnce(pending.promise)
    const first = cached.current()
    time += 2000
    read.mockResolvedValue(secret('new'))
    const strict = cached.noOlderThan(1000)
    pending.resolve(secret('old'))

    expect(await first).toEqual(secret('old'))
    expect(await strict).toEqual(secret('new'))
  })
})
