import { useEffect, useState } from 'react'
import { useAccess } from '#web/live/access.tsx'
import { useApi } from '#web/live/api.ts'
import { isAllowed } from '#web/live/rights.ts'

type Counts = {
  /** How many dead letters are open, such as `3` or `100+`; null as long as it is unknown. */
  readonly letters: string | null
  readonly connections: number | null
}

const PERIOD_MS = 10_000
/** So many dead letters are counted. */
const MOST_LETTERS = 100

/** The numbers beside what Kafka has, updated every ten seconds while the page is visible. */
export function useCounts(): Counts {
  const api = useApi()
  const seesLetters = isAllowed(useAccess(), 'dead-letters.read')
  const [counts, setCounts] = useState<Counts>({ letters: null, connections: null })
  useEffect(() => {
    const left = new AbortController()
    const { signal } = left
    async function look() {
      if (document.hidden) return
      // What cannot be read stays as it was: the tab of each says why.
      const [letters, stats] = await Promise.allSettled([
        seesLetters
          ? api.get<{ deadLetters: readonly unknown[]; next?: unknown }>(
              `/dead-letters?limit=${MOST_LETTERS}`,
              {
                signal,
              },
            )
          : null,
        api.get<{ connections: number }>('/stats', { signal }),
      ])
      if (signal.aborted) return
      setCounts((before) => ({
        letters: letters.status === 'fulfilled' && letters.value ? sayLetters(letters.value) : before.letters,
        connections: stats.status === 'fulfilled' ? stats.value.connections : before.connections,
      }))
    }
    void look()
    const timer = setInterval(() => void look(), PERIOD_MS)
    return () => {
      clearInterval(timer)
      left.abort()
    }
  }, [api, seesLetters])
  return counts
}

function sayLetters({ deadLetters, next }: { deadLetters: readonly unknown[]; next?: unknown }): string {
  const { length } = deadLetters
  return length >= MOST_LETTERS || typeof next === 'string' ? `${length}+` : String(length)
}
