import { useQuery } from '@tanstack/react-query'
import { useAccess } from '#web/live/access.tsx'
import { useApi } from '#web/live/api.ts'
import type { Person } from './choices.ts'

/** The most that the server lists at once. Only if there are more people, it is asked for what was typed. */
const MOST = 100
const FRESH_MS = 30_000
/** Who types is not asked about after every letter; in milliseconds. */
const PAUSE_MS = 200

type Found = {
  /** Undefined until they are known. */
  readonly people: readonly Person[] | undefined
  readonly error: Error | null
  readonly retry: () => void
}

/** The people that the directory of the server has, or of very many those whose name contains what was typed. */
export function usePeople(typed: string, isWanted: boolean): Found {
  const api = useApi()
  const { name } = useAccess()
  const load = async (q: string, signal: AbortSignal) => {
    const query = new URLSearchParams({ q, limit: String(MOST) })
    const { users } = await api.get<{ users: readonly Person[] }>(`/users?${query}`, { signal })
    return users
  }
  const common = { staleTime: FRESH_MS, retry: 1 }
  const all = useQuery({
    ...common,
    queryKey: ['people', name],
    queryFn: ({ signal }) => load('', signal),
    enabled: isWanted,
  })
  const q = typed.trim()
  const isCut = (all.data?.length ?? 0) >= MOST && q !== ''
  const some = useQuery({
    ...common,
    queryKey: ['people', name, q],
    queryFn: async ({ signal }) => {
      await pause(signal)
      return load(q, signal)
    },
    enabled: isWanted && isCut,
  })
  const { data, error, refetch } = isCut ? some : all
  return { people: data, error, retry: () => void refetch() }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, PAUSE_MS)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}
