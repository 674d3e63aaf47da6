import type { ViewStatus } from '#shared/client/follow-view.ts'
import { useAccess } from './access.tsx'
import { useConnection } from './use-connection.ts'

const WORDS: { readonly [status in ViewStatus]: string | null } = {
  live: null,
  loading: 'Not loaded yet: wait a moment.',
  stale: 'Out of date: it is being read anew.',
  refused: 'You cannot see what this would change.',
}

/**
 * Why nothing may be done with what these views show, in words; null if it may: the right to write lacks, or what is
 * seen is out of date. While polling, data is late by rule.
 */
export function useRefusal(of: readonly { readonly status: ViewStatus }[]): string | null {
  const { refusal, phase } = useConnection()
  const { role } = useAccess()
  const late = of.map(({ status }) => (status === 'stale' && phase === 'polling' ? null : WORDS[status]))
  if (role === null || role === 'viewer') return 'Viewers can look at everything here, and change nothing.'
  return refusal ?? late.find((words) => words !== null) ?? null
}
