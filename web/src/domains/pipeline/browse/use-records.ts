import { useEffect, useRef, useState } from 'react'
import type { BrowsedPage, ShownRecord } from '#shared/core/streams.ts'
import { useApi } from '#web/live/api.ts'
import { type BrowsePlace, pageAddress, tailAddress } from './browse-place.ts'

export type Records = {
  /** Oldest first; null as long as nothing is loaded. */
  readonly records: readonly ShownRecord[] | null
  readonly page: Omit<BrowsedPage, 'records'> | null
  readonly error: unknown
  readonly isLoading: boolean
}

const NOTHING: Records = { records: null, page: null, error: null, isLoading: true }
/** A tail keeps so many records: the newest. */
const MOST_RECORDS = 500
/** How long a request of the tail is held, in seconds. */
const WAIT = 15
/** The pause after a request of the tail that failed. */
const RETRY_MS = 3000

/** Reads the records of a place, and follows them while `isLive`. */
export function useRecords(
  topic: string,
  place: Omit<BrowsePlace, 'record'>,
  { isLive, turn }: { readonly isLive: boolean; readonly turn: number },
): Records {
  const api = useApi()
  const [found, setFound] = useState<Records>(NOTHING)
  const address = pageAddress(topic, place)
  const next = useRef<number | null>(null)

  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` is what asks for the same page again
  useEffect(() => {
    const left = new AbortController()
    const { signal } = left
    next.current = null
    setFound((before) => ({ ...before, isLoading: true, error: null }))
    api
      .get<BrowsedPage>(address, { signal })
      .then(({ records, ...page }) => {
        if (signal.aborted) return
        next.current = page.next
        setFound({ records, page, error: null, isLoading: false })
      })
      .catch((error: unknown) => signal.aborted || setFound({ ...NOTHING, error, isLoading: false }))
    return () => left.abort()
  }, [api, address, turn])

  const isReady = found.page !== null && !found.isLoading
  const { partition, q, field } = place
  useEffect(() => {
    if (!isLive || !isReady) return
    const left = new AbortController()
    const { signal } = left
    async function follow() {
      while (!signal.aborted) {
        try {
          const from = { next: next.current ?? 0, wait: WAIT }
          const tail = await api.get<BrowsedPage>(tailAddress(topic, { partition, q, field }, from), {
            signal,
          })
          if (signal.aborted) return
          const { records: more, ...page } = tail
          next.current = page.next
          setFound((before) => ({
            records: [...(before.records ?? []), ...more].slice(-MOST_RECORDS),
            page,
            error: null,
            isLoading: false,
          }))
        } catch (error) {
          if (signal.aborted) return
          setFound((before) => ({ ...before, error }))
          await new Promise((wake) => setTimeout(wake, RETRY_MS))
        }
      }
    }
    void follow()
    return () => left.abort()
  }, [api, topic, partition, q, field, isLive, isReady])
  return found
}
