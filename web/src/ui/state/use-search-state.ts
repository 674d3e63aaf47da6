import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

export type Search = Readonly<Record<string, string>>

/**
 * The search parameters of the address, as texts, and how to change some of them: an empty text takes one away. By
 * default the change is not a step of the history; `push` makes it one that "back" undoes.
 */
export function useSearchState(): readonly [Search, (change: Search, push?: 'push') => void] {
  const search = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const change = useCallback(
    (changed: Search, push?: 'push') =>
      void navigate({
        to: '.',
        search: (before: Search) => withoutEmpty({ ...before, ...changed }),
        replace: push === undefined,
      } as unknown as Parameters<typeof navigate>[0]),
    [navigate],
  )
  return [search, change]
}

/** Goes to a place of the app, written as in the address bar ("/port?view=berths"). */
export function useGoTo(): (place: string) => void {
  const navigate = useNavigate()
  return useCallback(
    (place) => {
      const [to = '/', query = ''] = place.split('?')
      void navigate({ to, search: parseSearch(query) } as unknown as Parameters<typeof navigate>[0])
    },
    [navigate],
  )
}

function withoutEmpty(search: Search): Search {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== ''))
}

/** Search parameters as they are written in addresses: plain texts, commas left as they are. */
export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text))
}

export function formatSearch(search: Readonly<Record<string, unknown>>): string {
  const texts = Object.entries(search).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  const query = new URLSearchParams(texts).toString().replaceAll('%2C', ',')
  return query === '' ? '' : `?${query}`
}
