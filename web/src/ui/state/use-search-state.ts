import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

export type Search = Readonly<Record<string, string>>

/**
 * Returns the search parameters of the address as texts, and a function that changes some of them. An empty text removes
 * a parameter. A change replaces the entry of the browser's history; with `push` it adds one, which "back" undoes.
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

/** Returns a function that opens an address of the app, such as "/port?view=berths". */
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

/** Parses search parameters as plain texts. */
export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text))
}

/** Formats search parameters as plain texts, with unescaped commas. */
export function formatSearch(search: Readonly<Record<string, unknown>>): string {
  const texts = Object.entries(search).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  const query = new URLSearchParams(texts).toString().replaceAll('%2C', ',')
  return query === '' ? '' : `?${query}`
}
