import { type DeadLetter, type DeadLetterStore, ERASED_LETTER } from '#shared/pipeline/ports.ts'

/** A DeadLetterStore in memory, for tests. */
export function memoryDeadLetterStore(yieldPoint: () => Promise<void> = async () => {}): DeadLetterStore {
  const letters = new Map<string, DeadLetter>()
  return {
    async put(letter) {
      await yieldPoint()
      letters.set(JSON.stringify([letter.topic, letter.partition, letter.offset]), letter)
    },
    async erase({ topic, partition, offset }) {
      await yieldPoint()
      const key = JSON.stringify([topic, partition, offset])
      const letter = letters.get(key)
      if (letter) letters.set(key, { ...letter, ...ERASED_LETTER })
    },
    async list(topics, limit) {
      await yieldPoint()
      const found = [...letters.values()].filter(({ topic }) => topics.includes(topic))
      return found.sort((a, b) => b.timestamp - a.timestamp || b.offset - a.offset).slice(0, limit)
    },
  }
}
