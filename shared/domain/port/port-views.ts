import { berths } from './berths-view.ts'
import { cases } from './cases-view.ts'
import { statistics } from './statistics-view.ts'

/** The views of the port, for browsers too: without the schemas. */
export const portViews = { name: 'port', views: { cases, statistics, berths } } as const
