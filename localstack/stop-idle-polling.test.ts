import { createRequire } from 'node:module'
import { expect, test, vi } from 'vitest'
import { stopIdlePolling } from './stop-idle-polling.ts'

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js')

test('an empty queue sets no timer, and a request that is held back still does', () => {
  stopIdlePolling()
  stopIdlePolling()
  const timer = setTimeout(() => {}, 0)
  const timers = vi.spyOn(globalThis, 'setTimeout').mockReturnValue(timer)
  const queue = Object.create(RequestQueue.prototype)

  queue.scheduleCheckPendingRequests.call(Object.assign(queue, { pending: [], throttledUntil: -1 }))
  const idle = timers.mock.calls.length
  queue.scheduleCheckPendingRequests.call(Object.assign(queue, { pending: [{}] }))
  const held = timers.mock.calls.length
  timers.mockRestore()

  expect([idle, held]).toEqual([0, 1])
})
