import { defineDomain } from './define-domain.ts'
import { statsView } from './tidewire-stats.ts'

/** What Tidewire counts of itself: a view over the events of every domain, with no topics or types of its own. */
export const tidewire = defineDomain({
  name: 'tidewire',
  topics: {},
  events: {},
  views: { stats: statsView },
})
