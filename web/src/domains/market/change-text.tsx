import { directionOf, sayPercent } from './say-money.ts'

const ARROWS = { up: '▲', down: '▼', flat: '' } as const

/** A change in per cent: colour, arrow and sign say the same. */
export function ChangeText({ percent }: { percent: number }) {
  const direction = directionOf(percent)
  return (
    <span className={`money-${direction}`}>
      <span aria-hidden="true">{ARROWS[direction]} </span>
      {sayPercent(percent)}
    </span>
  )
}
