import { expect, it } from 'vitest'
import { runHandOvers } from './hand-over.ts'

it('hands over to the next connection before the gateway ends the old one, without losing or repeating', {
  timeout: 180_000,
}, async () => {
  const { handOvers, findings, report } = await runHandOvers({ seconds: 32, clients: 10, rate: 100 })

  process.stdout.write(report)
  expect(findings, report).toMatchObject({
    lost: 0,
    repeated: 0,
    outOfOrder: 0,
    unasked: 0,
    misplaced: 0,
    gaps: 0,
  })
  expect(handOvers).toBeGreaterThanOrEqual(10)
})
