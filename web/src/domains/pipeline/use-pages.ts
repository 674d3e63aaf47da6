import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiError, describeFailure, useApi } from '#web/live/api.ts'

/** A page of a list that the API continues with `next`. */
type Page = { readonly next: string | null }

type Loaded<Body> = {
  /** The pages that are shown, from the first on; null as long as none is loaded. */
  readonly pages: readonly Body[] | null
  /** In epoch milliseconds. */
  readonly updatedAt: number | null
  readonly error: { readonly isDenied: boolean; readonly detail: string } | null
}

export type Pages<Body> = Loaded<Body> & {
  /** Whether there is a page below the last one. */
  readonly hasMore: boolean
  readonly loadMore: () => Promise<void>
  readonly reload: () => Promise<void>
}

const NOTHING = { pages: null, updatedAt: null, error: null }

/** Shows a list of the API from its first page on, and reads what it shows again and again while somebody looks. */
export function usePages<Body extends Page>(path: string, refreshMs: number): Pages<Body> {
  const api = useApi()
  const [loaded, setLoaded] = useState<Loaded<Body>>(NOTHING)
  const wanted = useRef(1)
  const latest = useRef<AbortSignal | null>(null)

  const load = useCallback(
    async (signal: AbortSignal) => {
      try {
        const pages: Body[] = []
        for (let next: string | null = null; pages.length < wanted.current; ) {
          const page: Body = await api.get<Body>(withNext(path, next), { signal })
          pages.push(page)
          next = page.next
          if (next === null) break
        }
        if (!signal.aborted) setLoaded({ pages, updatedAt: Date.now(), error: null })
      } catch (cause) {
        if (signal.aborted) return
        const isDenied = cause instanceof ApiError && cause.problem.status === 403
        setLoaded((before) => ({ ...before, error: { isDenied, detail: describeFailure(cause) } }))
      }
    },
    [api, path],
  )

  useEffect(() => {
    const left = new AbortController()
    const { signal } = left
    let timer: ReturnType<typeof setTimeout> | undefined
    wanted.current = 1
    latest.current = signal
    setLoaded(NOTHING)
    const run = async () => {
      await load(signal)
      if (!signal.aborted) timer = setTimeout(() => void again(), refreshMs)
    }
    const again = async () => {
      if (!document.hidden) return run()
      timer = setTimeout(() => void again(), refreshMs)
    }
    void run()
    return () => {
      left.abort()
      clearTimeout(timer)
    }
  }, [load, refreshMs])

  const reload = useCallback(async () => {
    if (latest.current) await load(latest.current)
  }, [load])
  return {
    ...loaded,
    hasMore: loaded.pages?.at(-1)?.next != null,
    reload,
    loadMore: () => {
      wanted.current = (loaded.pages?.length ?? 0) + 1
      return reload()
    },
  }
}

function withNext(path: string, next: string | null): string {
  if (next === null) return path
  return `${path}${path.includes('?') ? '&' : '?'}next=${encodeURIComponent(next)}`
}

/** Returns a path with the parameters that are not empty. */
export function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== '')
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}
