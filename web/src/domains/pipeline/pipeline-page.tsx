import { lazy, Suspense } from 'react'
import { useAccess } from '#web/live/access.tsx'
import { isAllowed, rightProblem } from '#web/live/rights.ts'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { Tabs } from '#web/ui/layout/tabs.tsx'
import { useGoTo } from '#web/ui/state/use-search-state.ts'
import { addressOf, TABS, type TabName, useTab } from './pipeline-address.ts'
import { StreamsProvider } from './streams/use-streams.tsx'
import './pipeline-page.css'

const PAGES = {
  overview: lazy(async () => ({ default: (await import('./overview/overview-tab.tsx')).OverviewTab })),
  topics: lazy(async () => ({ default: (await import('./topics/topics-tab.tsx')).TopicsTab })),
  groups: lazy(async () => ({ default: (await import('./groups/groups-tab.tsx')).GroupsTab })),
  'dead-letters': lazy(async () => ({
    default: (await import('./dead-letters/dead-letters-tab.tsx')).DeadLettersTab,
  })),
  replays: lazy(async () => ({ default: (await import('./replays/replays-tab.tsx')).ReplaysTab })),
  connections: lazy(async () => ({
    default: (await import('./connections/connections-tab.tsx')).ConnectionsTab,
  })),
} as const satisfies Record<TabName, unknown>

/** The pipeline, in tabs that have addresses of their own. */
export function PipelinePage() {
  const goTo = useGoTo()
  const user = useAccess()
  const tab = useTab()
  const offered = TABS.filter(([, , needs]) => isAllowed(user, needs))
  return (
    <div className="pipeline">
      <h1 className="visually-hidden">Pipeline</h1>
      <Tabs
        label="Parts of the pipeline"
        tabs={offered.map(([value, label]) => ({ value, label }))}
        value={tab ?? ''}
        onChange={(name) => goTo(addressOf(name as TabName))}
      >
        <div className="pipeline-tab">
          <StreamsProvider>
            <TabBody tab={tab} />
          </StreamsProvider>
        </div>
      </Tabs>
    </div>
  )
}

function TabBody({ tab }: { readonly tab: TabName | null }) {
  const user = useAccess()
  const needs = TABS.find(([name]) => name === tab)?.[2]
  if (tab === null || needs === undefined)
    return (
      <StateMessage
        kind="empty"
        title="The pipeline has no such part"
        detail="Choose one of the tabs above."
      />
    )
  const problem = rightProblem(user, needs)
  if (problem !== null)
    return <StateMessage kind="denied" title="This tab is not for your role" detail={problem} />
  const Page = PAGES[tab]
  return (
    <Suspense fallback={<Loading what="this part of the pipeline" lines={8} />}>
      <Page />
    </Suspense>
  )
}
