import type { Place } from './visit-places.ts'

const PORT = ['/port', '/port?view=statistics', '/port?view=berths', '/port?view=stream']
const MARKET = ['', '/trading', '/portfolio', '/alerts', '/history', '/volume'].map((tab) => `/market${tab}`)
export const ROUTES = [...PORT, ...MARKET, '/sensors', '/blog', '/docs', '/nowhere']
/** As the simulation names posts. */
const TODAY = new Date().toISOString().slice(0, 10)

/** Of views alone: what is refused or not read yet shows on all of the page. */
export const OF_VIEWS = ['/port?view=statistics', '/port?view=berths', ...MARKET, '/sensors', '/blog']

export const EMPTY: readonly Place[] = [
  ...['/port?view=statistics', '/port?view=stream', '/docs'].map((path) => [path, 'main h2'] as const),
  ...['/port', '/port?view=berths', ...MARKET, '/sensors', '/blog', '/nowhere'],
]
export const NORMAL: readonly Place[] = [
  ['/port', '.feed-title'],
  ['/port?view=statistics', '.shares'],
  ['/port?view=berths', '.berths'],
  ['/port?view=stream', '.hops'],
  ['/market/trading?symbol=ACME', '.candle-canvas canvas'],
  ...MARKET.filter((path) => path !== '/market/trading').map((path) => `${path}?symbol=ACME`),
  ...['/sensors', '/blog'],
  ['/docs', 'main h2'],
  ['/port?event=port-0', '.case-actions'],
  ['/port?create=1', '[role=dialog] form'],
  ['/sensors?sensor=quay-1', '[role=dialog] .sensor-details'],
  ['/blog?edit=new', '[role=dialog] form'],
  [`/blog?history=post-${TODAY}-1`, '[role=dialog] li'],
]
export const FILTERED: readonly Place[] = [
  '/port?q=zzz',
  '/market?symbol=ACME&find=zzz',
  '/market/alerts?symbol=ACME&show=triggered',
  '/market/history?symbol=ACME&orders=rejected',
  '/sensors?find=zzz',
  '/blog?find=zzz',
]
export const FAILED: readonly Place[] = [
  ...['/port', '/port?event=none', '/docs'],
  ['/port?create=1', '[role=dialog] .state-error'],
]

export const LOADING: readonly Place[] = [
  ...OF_VIEWS,
  ...['/port', '/docs'],
  ['/port?create=1', '[role=dialog] .skeleton'],
]
/** Where something can be done that a viewer may not do. */
export const TO_ACT: readonly Place[] = [
  ...['/market/trading?symbol=ACME', '/market/alerts?symbol=ACME', '/blog'],
  ['/port?event=port-0', '.case-actions'],
]
