import { useMemo } from 'react'
import type { VolumeAnalysis } from '#shared/domain/market/analyse-volume.ts'
import { marketViews } from '#shared/domain/market/market-views.ts'
import { VOLUME_MINUTES, type VolumeState, volumeView } from '#shared/domain/market/volume-view.ts'
import { FreshnessBadge } from '#web/live/freshness-badge.tsx'
import { useView } from '#web/live/use-view.ts'
import { ViewBody } from '#web/live/view-body.tsx'
import { ShareBars } from '#web/ui/data/share-bars.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { useNow } from '#web/ui/state/use-now.ts'
import { ChartBar } from './chart-bar.tsx'
import { MinuteBars } from './minute-bars.tsx'
import { presentView } from './present-view.ts'
import { sayPrice } from './say-money.ts'
import { SymbolGate } from './symbol-gate.tsx'
import { VolumeFacts } from './volume-facts.tsx'
import './volume-tab.css'

/** How much is traded, against what is usual, and at which prices. */
export function VolumeTab() {
  return (
    <SymbolGate>
      {(symbol) => (
        <>
          <ChartBar symbol={symbol} withInterval={false} />
          <VolumeOf symbol={symbol} />
        </>
      )}
    </SymbolGate>
  )
}

function VolumeOf({ symbol }: { symbol: string }) {
  const view = useView(marketViews, 'volume', symbol)
  const now = useNow()
  const { state } = view
  const analysis = useMemo(
    () => state && presentView<VolumeAnalysis, VolumeState>(volumeView, state, symbol, now),
    [state, symbol, now],
  )
  const aside = <FreshnessBadge updatedAt={view.updatedAt} />
  if (!analysis || analysis.minutes.length === 0)
    return (
      <Card title={`Volume of ${symbol}`} aside={aside}>
        <ViewBody what="the volume" of={[view]} lines={8}>
          <StateMessage kind="empty" title={`Nothing of ${symbol} was traded yet`} />
        </ViewBody>
      </Card>
    )
  return (
    <div className="volume">
      <Card title={`Volume of ${symbol}`} aside={aside}>
        <VolumeFacts analysis={analysis} />
      </Card>
      <Card title={`The last ${VOLUME_MINUTES} minutes with trades`}>
        <MinuteBars analysis={analysis} />
      </Card>
      <Card title="Volume by price">
        <ShareBars
          caption="Shares traded in each band of prices, highest first"
          rows={profileRows(analysis)}
        />
      </Card>
    </div>
  )
}

function profileRows({ profile }: VolumeAnalysis) {
  const total = Math.max(
    1,
    profile.reduce((sum, { volume }) => sum + volume, 0),
  )
  return profile.toReversed().map(({ from, to, volume }) => ({
    name: String(from),
    label: from === to ? sayPrice(from) : `${sayPrice(from)} – ${sayPrice(to)}`,
    count: volume,
    percent: (volume / total) * 100,
  }))
}
