import { expect, it } from 'vitest'
import { seededRandom } from './random.ts'

const first = (seed: number | string) => Array.from({ length: 4 }, seededRandom(seed))

it('returns the same numbers for the same seed, and other numbers for another seed', () => {
  expect(first(7)).toEqual(first(7))
  expect(first('sensors 7')).toEqual(first('sensors 7'))
  expect(first(7)).not.toEqual(first(8))
  expect(first('sensors 7')).not.toEqual(first('sensors 8'))
})

it('returns the sequence that existing simulations were generated with', () => {
  expect(first(1)).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522, 0.9810509674716741])
  expect(first('port 1')).toEqual([
    0.9468244700692594, 0.9499300899915397, 0.668114747852087, 0.4117381914984435,
  ])
})

it('returns numbers from 0 up to 1, evenly distributed', () => {
  const random = seededRandom(3)
  const counts = new Array(10).fill(0)
  for (let n = 0; n < 10_000; n++) counts[Math.floor(random() * 10)]++
  expect(Math.min(...counts)).toBeGreaterThan(900)
  expect(counts).toHaveLength(10)
})
