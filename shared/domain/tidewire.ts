import * as z from 'zod'
import { defineDomain } from './define-domain.ts'
import { statsView } from './tidewire-stats.ts'

const count = z.int().min(0)
const counted = z.array(z.looseObject({ name: z.string(), count, percent: z.number() }))
const stats = z
  .looseObject({
    total: count,
    today: count,
    eventsPerSecond: z.number().min(0),
    connections: count,
    categories: counted,
    severities: counted,
  })
  .meta({
    description: 'What GET /stats answers, told whenever it changes, at most every 2 s.',
    examples: [
      {
        total: 2,
        today: 2,
        eventsPerSecond: 0.2,
        connections: 1,
        categories: [{ name: 'port.ship', count: 2, percent: 100 }],
        severities: [{ name: 'info', count: 2, percent: 100 }],
      },
    ],
  })

/** What Tidewire counts of itself: a view over the events of every domain, with no topics of its own. */
export const tidewire = defineDomain({
  name: 'tidewire',
  topics: {},
  events: { 'tidewire.stats': { schema: stats } },
  views: { stats: statsView },
})
