import type { VolumeAnalysis } from '#shared/domain/market/volume-view.ts'

const RATIO = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

/** Writes the volume of the minute compared with the average: "1.80 × average". */
export function sayRatio(ratio: number | null): string {
  return ratio === null ? '—' : `${RATIO.format(ratio)} × average`
}

export const LEVEL_WORDS: { readonly [level in NonNullable<VolumeAnalysis['level']>]: string } = {
  high: 'High',
  medium: 'Normal',
  low: 'Low',
}
export const TREND_WORDS: { readonly [trend in VolumeAnalysis['trend']]: string } = {
  rising: '↗ Rising',
  falling: '↘ Falling',
  steady: '→ Steady',
}

/** Writes what a correlation of price and volume means. */
export function sayCorrelation(correlation: number | null): string {
  if (correlation === null) return 'Too few minutes to tell'
  const strength = Math.abs(correlation)
  if (strength < 0.2) return 'Price and volume have little to do with each other'
  const degree = strength >= 0.7 ? 'strongly' : strength >= 0.4 ? 'clearly' : 'weakly'
  return correlation > 0
    ? `Volume grows ${degree} with rising prices`
    : `Volume grows ${degree} with falling prices`
}

/** Writes a correlation with its sign and two decimals. */
export function sayCoefficient(correlation: number | null): string {
  if (correlation === null) return '—'
  const text = RATIO.format(Math.abs(correlation))
  return `${text === '0.00' ? '' : correlation > 0 ? '+' : '−'}${text}`
}
