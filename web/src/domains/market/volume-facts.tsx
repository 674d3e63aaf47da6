import type { VolumeAnalysis } from '#shared/domain/market/analyse-volume.ts'
import { Badge } from '#web/ui/data/badge.tsx'
import { sayQuantity } from './say-money.ts'
import { LEVEL_WORDS, sayCoefficient, sayCorrelation, sayRatio, TREND_WORDS } from './say-volume.ts'

const TONES = { high: 'busy', medium: 'good', low: 'plain' } as const

/** The minute against the average, the trend, and how price and volume go together. */
export function VolumeFacts({ analysis }: { analysis: VolumeAnalysis }) {
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
