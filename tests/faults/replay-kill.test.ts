import { expect, it } from 'vitest'
import { runReplayKill } from './replay-kill.ts'

it('a replay of dead letters whose stack is killed in the middle replays what was counted, and each event once', {
  timeout: 400_000,
}, async () => {
  const run = await runReplayKill({ letters: 300, chosen: 90, rate: 20, kills: 1 })

  expect(run.counted).toBe(90)
  expect(run.replay).toMatchObject({ status: 'done', total: 90, done: 90, skipped: 0, failed: 0 })
  expect([run.missing, run.doubled, run.strange, run.misplaced]).toEqual([[], [], [], []])
  expect(run.statuses).toEqual({ open: 210, replayed: 90 })
  expect(run.killedAt[0]).toBeLessThan(90)
})
