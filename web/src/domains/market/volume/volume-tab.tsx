import { useMemo } from 'react'
import { marketViews } from '#shared/domain/market/market-views.ts'
import {
  VOLUME_MINUTES,
  type VolumeAnalysis,
  type VolumeState,
  volumeView,
} from '#shared/domain/market/volume-view.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { useView, ViewBody } from '#web/live/use-view.tsx'
import { Badge } from '#web/ui/data/badge.tsx'
import { formatTime } from '#web/ui/data/format.ts'
import { ShareBars } from '#web/ui/data/share-bars.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { useSetting } from '#web/ui/state/settings.ts'
import { useNow } from '#web/ui/state/use-now.ts'
import { sayPrice, sayQuantity } from '../money-text.ts'
import { presentView } from '../present-view.ts'
import { ChartBar, SymbolGate } from '../symbol-choice.tsx'
import { LEVEL_WORDS, sayCoefficient, sayCorrelation, sayRatio, TREND_WORDS } from './say-volume.ts'
import './volume-tab.css'

/** How much is traded, compared with the average, and at which prices. */
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

const TONES = { high: 'busy', medium: 'good', low: 'plain' } as const

/** This minute compared with the average, the trend, and the correlation of price and volume. */
function VolumeFacts({ analysis }: { analysis: VolumeAnalysis }) {
  const { current, average, ratio, level, trend, correlation } = analysis
  return (
    <dl className="volume-facts">
      <div>
        <dt>This minute</dt>
        <dd>
          {sayRatio(ratio)} {level && <Badge tone={TONES[level]}>{LEVEL_WORDS[level]}</Badge>}
        </dd>
        <dd className="market-note">
          {sayQuantity(current)} shares; the average is {average === null ? '—' : sayQuantity(average)}.
        </dd>
      </div>
      <div>
        <dt>Trend</dt>
        <dd>{TREND_WORDS[trend]}</dd>
        <dd className="market-note">Over the complete minutes below.</dd>
      </div>
      <div>
        <dt>Price and volume</dt>
        <dd>{sayCoefficient(correlation)}</dd>
        <dd className="market-note">{sayCorrelation(correlation)}.</dd>
      </div>
    </dl>
  )
}

const HEIGHT = 120
const STEP = 10

/** Volume minute by minute, with the average as a line. */
function MinuteBars({ analysis }: { analysis: VolumeAnalysis }) {
  const { minutes, average } = analysis
  const zone = useSetting('times')
  const max = Math.max(1, average ?? 0, ...minutes.map(({ volume }) => volume))
  const heightOf = (volume: number) => (volume / max) * HEIGHT
  const [first, last] = [minutes[0], minutes.at(-1)]
  const name = (time: number | undefined) => formatTime((time ?? 0) * 1000, zone).slice(0, 5)
  return (
    <figure className="minutes">
      <svg
        role="img"
        aria-label={`Volume of ${minutes.length} minutes, from ${name(first?.time)} to ${name(last?.time)}; the highest is ${sayQuantity(max)}`}
        viewBox={`0 0 ${Math.max(minutes.length, 20) * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        {minutes.map(({ time, volume }, index) => (
          <rect
            key={time}
            x={index * STEP + 1}
            y={HEIGHT - heightOf(volume)}
            width={STEP - 2}
            height={heightOf(volume)}
            className={time === last?.time ? 'minute-now' : undefined}
          >
            <title>{`${name(time)}: ${sayQuantity(volume)}`}</title>
          </rect>
        ))}
        {average !== null && (
          <line x1="0" x2="100%" y1={HEIGHT - heightOf(average)} y2={HEIGHT - heightOf(average)} />
        )}
      </svg>
      <figcaption className="market-note">
        <span>{name(first?.time)}</span>
        <span>The line is the average{average === null ? '' : `, ${sayQuantity(average)}`}.</span>
        <span>{name(last?.time)}</span>
      </figcaption>
    </figure>
  )
}
