import type { Trial, TrialPlace, TrialStore } from '#shared/pipeline/consume/trial-store.ts'

/** A TrialStore in memory, for tests. */
export function memoryTrialStore(): TrialStore {
  const trials = new Map<string, Trial>()
  const keyOf = ({ topic, partition, consumer }: TrialPlace) => JSON.stringify([topic, partition, consumer])
  return {
    async begin(place, trial) {
      const before = trials.get(keyOf(place)) ?? null
      trials.set(keyOf(place), trial)
      return before
    },
    async end(place, owner) {
      if (trials.get(keyOf(place))?.owner === owner) trials.delete(keyOf(place))
    },
  }
}
