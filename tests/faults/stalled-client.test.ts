import { expect, it } from 'vitest'
import { runStall } from './stalled-client.ts'

it('reports missed events to a client that stopped reading, and serves 199 others meanwhile', {
  timeout: 180_000,
}, async () => {
  const { toldBehind, missed, sent, recovered, report } = await runStall({
    sockets: 200,
    seconds: 8,
    rate: 50,
  })

  process.stdout.write(report)
  expect(toldBehind, report).toBe(true)
  expect(missed).toBeGreaterThan(0)
  expect(recovered).toEqual(sent)
})
