import type { Position } from '#shared/core/event.ts'
import { isOver, type ReplayJob, type ReplayStore } from '#shared/pipeline/replays/replay-store.ts'

/** A ReplayStore in memory, for tests. */
export function memoryReplayStore(yieldPoint: () => Promise<void> = async () => {}): ReplayStore {
  const jobs = new Map<string, ReplayJob>()
  const selections = new Map<string, readonly Position[]>()
  const sorted = () => [...jobs.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  return {
    async add(job, selection) {
      await yieldPoint()
      jobs.set(job.id, job)
      selections.set(job.id, selection)
    },
    async replace(job) {
      await yieldPoint()
      if (jobs.get(job.id)?.version !== job.version - 1) return false
      jobs.set(job.id, job)
      return true
    },
    async find(id) {
      await yieldPoint()
      return jobs.get(id) ?? null
    },
    async list({ limit, before }) {
      const older = sorted().filter(({ id }) => before === undefined || id < before)
      return older.reverse().slice(0, limit)
    },
    async open() {
      await yieldPoint()
      return sorted().filter((job) => !isOver(job))
    },
    async selected(id, { from, limit }) {
      await yieldPoint()
      return (selections.get(id) ?? []).slice(from, from + limit)
    },
  }
}
