import { portViews } from '#shared/domain/port/port-views.ts'
import { presentStatistics } from '#shared/domain/port/statistics-view.ts'
import { useAccess } from '#web/live/access.tsx'
import { useView } from '#web/live/use-view.tsx'
import type { Panel, PanelBadge } from '#web/ui/layout/panel.ts'
import { unreadBy } from './statistics/unread-by.ts'

/** Port operations: what happens in the port, and what people do about it. */
export const portPanel: Panel = {
  name: 'port',
  title: 'Port operations',
  short: 'Port',
  icon: 'anchor',
  group: 'domains',
  key: 'p',
  pages: [{ path: '', load: () => import('./port-page.tsx').then(({ PortPage }) => PortPage) }],
  useBadge: useUnread,
  commands: [
    { title: 'Create an event', to: '/port?create=1' },
    { title: 'Show critical events', to: '/port?severity=critical' },
    { title: 'Show statistics', to: '/port?view=statistics' },
    { title: 'Show berths', to: '/port?view=berths' },
    { title: 'Show the event stream’s speed', to: '/port?view=stream' },
  ],
}

function useUnread(): PanelBadge | null {
  const { name } = useAccess()
  const { state } = useView(portViews, 'statistics')
  if (!state) return null
  return {
    count: unreadBy(presentStatistics(state, Date.now()), name),
    label: 'unread events',
    tone: 'accent',
  }
}
