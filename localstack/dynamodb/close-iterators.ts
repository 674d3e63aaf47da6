import { AbstractKeyIterator, AbstractValueIterator } from 'abstract-level'

/**
 * Lets dynalite give back what its queries and scans hold. It ends an iterator with `return()`, which those of
 * abstract-level do not have (they have `close()`), so each one kept a snapshot of the whole database for good: nothing
 * that was overwritten since could ever be forgotten, in memory or on disk (dynalite 4.0.0, db/index.js).
 */
export function closeIterators(): void {
  for (const { prototype } of [AbstractKeyIterator, AbstractValueIterator])
    Object.defineProperty(prototype, 'return', {
      configurable: true,
      value(this: { close(): Promise<void> }) {
        return this.close()
      },
    })
}
