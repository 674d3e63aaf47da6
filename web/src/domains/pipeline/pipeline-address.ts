import { useParams } from '@tanstack/react-router'
import type { Action } from '#shared/core/access/policy.ts'

/** The tabs in their order, each with what a user must be allowed to do to be offered it. The first is the default. */
export const TABS = [
  ['overview', 'Overview', 'streams.list'],
  ['topics', 'Topics', 'streams.list'],
  ['groups', 'Groups', 'streams.list'],
  ['dead-letters', 'Dead letters', 'dead-letters.read'],
  ['replays', 'Replays', 'replays.run'],
  ['connections', 'Connections', 'connections.read'],
] as const satisfies readonly (readonly [name: string, label: string, needs: Action])[]

export type TabName = (typeof TABS)[number][0]

/** Returns the tab that the address names: the first if it names none, null if there is no such tab. */
export function readTab(tab: string | undefined): TabName | null {
  return tab === undefined || tab === '' ? TABS[0][0] : (TABS.find(([name]) => name === tab)?.[0] ?? null)
}

/** Returns the tab of the current address. */
export function useTab(): TabName | null {
  const { tab } = useParams({ strict: false }) as { readonly tab?: string }
  return readTab(tab)
}

/**
 * Returns the address of a tab with search parameters: `addressOf('topics', { topic: 'port-events', partition: '0',
 * offset: '12' })` opens a record.
 */
export function addressOf(tab: TabName, search: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(search).toString()
  return `/pipeline${tab === TABS[0][0] ? '' : `/${tab}`}${query && `?${query}`}`
}
