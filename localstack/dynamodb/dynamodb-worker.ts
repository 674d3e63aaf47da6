import { AbstractKeyIterator, AbstractValueIterator } from 'abstract-level'
import dynalite from 'dynalite'
import { listenOnLoopback } from '../listen-on-loopback.ts'
import { runAsWorker } from '../start-worker.ts'

// The worker thread that `startDynamodbWorker` starts.
await runAsWorker(async ({ port, dataDir }: { port: number; dataDir: string }) => {
  closeIterators()
  const server = dynalite({ path: dataDir, createTableMs: 0, deleteTableMs: 0 })
  await listenOnLoopback(server, port)
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
})

/**
 * Makes dynalite close the iterators of its queries and scans. It calls `return()`, which the iterators of
 * abstract-level do not have (they have `close()`). An open iterator keeps a snapshot of the whole database, so nothing
 * that was overwritten since would ever be freed, in memory or on disk (dynalite 4.0.0, db/index.js).
 */
function closeIterators(): void {
  for (const { prototype } of [AbstractKeyIterator, AbstractValueIterator])
    Object.defineProperty(prototype, 'return', {
      configurable: true,
      value(this: { close(): Promise<void> }) {
        return this.close()
      },
    })
}
