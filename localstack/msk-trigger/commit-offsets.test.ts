import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createOffsetCommitter } from './commit-offsets.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const retryBackoff = { baseMs: 1_000, capMs: 2_000 }

function setUp(respond: (call: number) => Promise<void>) {
  const commits: [number, number][][] = []
  const log: string[] = []
  const commit = (offsets: Map<number, number>) => respond(commits.push([...offsets]))
  const committer = createOffsetCommitter({ commit, retryBackoff, log: (line) => log.push(line) })
  return { committer, commits, log }
}

test('marks that come in during a commit go out together in the next one', async () => {
  const gate = Promise.withResolvers<void>()
  const { committer, commits } = setUp((call) => (call === 1 ? gate.promise : Promise.resolve()))
  committer.mark(0, 1)
  committer.mark(0, 2)
  committer.mark(1, 5)
  committer.mark(0, 3)
  gate.resolve()
  await committer.flush()

  expect(commits).toEqual([
    [[0, 1]],
    [
      [0, 3],
      [1, 5],
    ],
  ])
})

test('marks that come in soon after a commit wait for the next one, and do not wait at the end', async () => {
  const { committer, commits } = setUp(() => Promise.resolve())
  committer.mark(0, 1)
  await vi.advanceTimersByTimeAsync(1)
  committer.mark(0, 2)
  committer.mark(0, 3)
  const early = [...commits]
  await vi.advanceTimersByTimeAsync(50)
  committer.mark(0, 4)
  await committer.flush()

  expect(early).toEqual([[[0, 1]]])
  expect(commits).toEqual([[[0, 1]], [[0, 3]], [[0, 4]]])
})

test('a commit that fails is repeated with the latest marks, and reported once if it lasts', async () => {
  const { committer, commits, log } = setUp((call) =>
    call < 6 ? Promise.reject(new Error('no')) : Promise.resolve(),
  )
  committer.mark(0, 1)
  committer.mark(0, 2)
  await vi.runAllTimersAsync()

  expect(commits).toHaveLength(6)
  expect(commits.slice(1)).toEqual(Array.from({ length: 5 }, () => [[0, 2]]))
  expect(log).toEqual([expect.stringContaining('offsets cannot be committed (Error: no)')])
})

test('nothing is committed after the partitions were lost', async () => {
  const { committer, commits } = setUp(() => Promise.reject(new Error('no')))
  committer.mark(0, 1)
  committer.cancel()
  committer.mark(0, 2)
  await committer.flush()

  expect(commits).toEqual([[[0, 1]]])
})

test('flushing makes one more attempt and gives up', async () => {
  const { committer, commits } = setUp(() => Promise.reject(new Error('no')))
  committer.mark(0, 1)
  await committer.flush()

  expect(commits.length).toBeLessThanOrEqual(2)
})
