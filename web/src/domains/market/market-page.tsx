import { lazy, Suspense } from 'react'
import { CountBadge } from '#web/ui/data/badge.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { Tabs } from '#web/ui/layout/tabs.tsx'
import { useGoTo } from '#web/ui/state/use-search-state.ts'
import { useAlerts } from './alerts/use-alerts.ts'
import { addressOf, TABS, type TabName, useMarketAddress } from './market-address.ts'

import './market-page.css'

const PAGES = {
  dashboard: lazy(async () => ({ default: (await import('./dashboard-tab.tsx')).DashboardTab })),
  trading: lazy(async () => ({ default: (await import('./trading/trading-tab.tsx')).TradingTab })),
  portfolio: lazy(async () => ({ default: (await import('./portfolio/portfolio-tab.tsx')).PortfolioTab })),
  alerts: lazy(async () => ({ default: (await import('./alerts/alerts-tab.tsx')).AlertsTab })),
  history: lazy(async () => ({ default: (await import('./history-tab.tsx')).HistoryTab })),
  volume: lazy(async () => ({ default: (await import('./volume/volume-tab.tsx')).VolumeTab })),
} as const satisfies Record<TabName, unknown>

/** The market, in tabs that have addresses of their own. */
export function MarketPage() {
  const goTo = useGoTo()
  const { tab, symbol, interval } = useMarketAddress()
  const go = (name: string) => goTo(addressOf(name as TabName, { symbol, interval }))
  const Page = tab && PAGES[tab]
  const tabs = TABS.map(([value, label]) => ({
    value,
    label,
    ...(value === 'alerts' && { badge: <AlertBadge /> }),
  }))
  return (
    <div className="market">
      <h1 className="visually-hidden">Market</h1>
      <Tabs label="Parts of the market" tabs={tabs} value={tab ?? ''} onChange={go}>
        <div className="market-tab">
          {Page ? (
            <Suspense fallback={<Loading what="this part of the market" lines={8} />}>
              <Page />
            </Suspense>
          ) : (
            <StateMessage
              kind="empty"
              title="The market has no such part"
              detail="Choose one of the tabs above."
            />
          )}
        </div>
      </Tabs>
    </div>
  )
}

/** A component of its own, so that an alert redraws only this number. */
function AlertBadge() {
  const { news } = useAlerts()
  return news.length === 0 ? null : <CountBadge count={news.length} label="new" tone="accent" />
}
