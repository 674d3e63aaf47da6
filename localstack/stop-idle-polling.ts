import { createRequire } from 'node:module'

type RequestQueue = { pending: unknown[]; scheduleCheckPendingRequests(): void }

const original = Symbol.for('tidewire.scheduleCheckPendingRequests')

/**
 * Keeps kafkajs 2.2.4 from waking up every millisecond on each connection that has nothing to send, with a
 * negative timeout that Node 24 warns about. Its loop only matters while requests are delayed. A local stack has
 * a dozen idle consumers, and this was most of their CPU time.
 * Does nothing if this kafkajs has no such queue.
 * @see https://github.com/tulios/kafkajs/issues/1704
 */
export function stopIdlePolling(): void {
  const prototype = findPrototype()
  if (!prototype || original in prototype) return
  const schedule = prototype.scheduleCheckPendingRequests
  Object.assign(prototype, {
    [original]: schedule,
    scheduleCheckPendingRequests(this: RequestQueue): void {
      if (this.pending.length > 0) schedule.call(this)
    },
  })
}

function findPrototype(): RequestQueue | undefined {
  try {
    const found: unknown = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js')
    if (typeof found !== 'function') return undefined
    const { prototype } = found
    return typeof prototype?.scheduleCheckPendingRequests === 'function' ? prototype : undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
