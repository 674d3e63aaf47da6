import type { Panel } from '#web/ui/layout/panel.ts'
import { useAlertNews } from './alerts/use-alerts.ts'

/** The stock market: prices, charts, orders, alerts. All tabs are one page, so that the focus stays in the tab bar. */
export const marketPanel: Panel = {
  name: 'market',
  title: 'Market',
  short: 'Market',
  icon: 'chart',
  group: 'domains',
  key: 'm',
  pages: [{ path: '/{-$tab}', load: () => import('./market-page.tsx').then(({ MarketPage }) => MarketPage) }],
  useBadge: useAlertNews,
  commands: [
    { title: 'Buy or sell shares', to: '/market/trading' },
    { title: 'Show my portfolio', to: '/market/portfolio' },
    { title: 'Show and create price alerts', to: '/market/alerts' },
    { title: 'Show my orders and old candles', to: '/market/history' },
    { title: 'Analyse volume', to: '/market/volume' },
  ],
}
