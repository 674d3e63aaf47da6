import { expect, it } from 'vitest'
import { lineChart, scaleOf } from './line-chart.ts'

it('a linear scale begins at 0 and ends at a round step', () => {
  const { ticks, place } = scaleOf([3, 47], { label: 'ms' }, [0, 100])
  expect(ticks).toEqual([0, 10, 20, 30, 40, 50])
  expect(place(25)).toBe(50)
})

it('a logarithmic scale ends at powers of ten, and a 0 is at its lower end', () => {
  const { ticks, place } = scaleOf([2, 900, 0], { label: 'ms', isLog: true }, [0, 300])
  expect(ticks).toEqual([1, 10, 100, 1000])
  expect(place(10)).toBeCloseTo(100)
  expect(place(0)).toBe(0)
})

it('a chart has a line and a legend for each series, and no markup of its texts', () => {
  const svg = lineChart({
    title: 'a < b',
    x: { label: 'x' },
    y: { label: 'y' },
    series: [
      { name: 'one', color: 0, points: [[1, 2] as const, [3, 4] as const] },
      { name: 'two', color: 1, isDashed: true, points: [[1, 1] as const] },
    ],
  })
  expect(svg.match(/<polyline/g)).toHaveLength(2)
  expect(svg).toContain('a &lt; b')
  expect(svg).toContain('>two</text>')
  expect(svg).toContain('prefers-color-scheme:dark')
})
