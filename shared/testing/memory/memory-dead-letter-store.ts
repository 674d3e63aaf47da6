import { type DeadLetter, ERASED_LETTER } from '#shared/pipeline/dead-letters/dead-letter.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import { listLetters, nextAfter, placeOf } from '#shared/pipeline/dead-letters/list-letters.ts'
import type { Restorable } from './memory-event-store.ts'

/** A DeadLetterStore in memory, for tests. */
export function memoryDeadLetterStore(
  yieldPoint: () => Promise<void> = async () => {},
): DeadLetterStore & Restorable {
  const letters = new Map<string, DeadLetter>()
  const store: DeadLetterStore & Restorable = {
    restore(keeps) {
      for (const [id, letter] of letters) if (!keeps(letter)) letters.delete(id)
    },
    async put(letter) {
      await yieldPoint()
      const id = nextAfter(letter)
      const before = letters.get(id)
      if (before === undefined) letters.set(id, letter)
      else if (before.status === 'open') letters.set(id, joined(before, letter))
      return before === undefined
    },
    async get({ topic, partition, offset }) {
      await yieldPoint()
      const found = [...letters.values()].filter(
        (letter) => letter.topic === topic && letter.partition === partition && letter.offset === offset,
      )
      return found.sort((a, b) => b.timestamp - a.timestamp)[0] ?? null
    },
    async list(query) {
      await yieldPoint()
      return listLetters(query, {
        get: store.get,
        readLetters: async (topic, { from, to, newestFirst }, { size, behind }) => {
          await yieldPoint()
          const isBehind = (place: string) =>
            behind === undefined || (newestFirst ? place < behind : place > behind)
          const found = [...letters.values()]
            .filter((letter) => letter.topic === topic)
            .map((letter) => ({ letter, place: placeOf(letter) }))
            .filter(({ place }) => place >= from && place <= to && isBehind(place))
            .sort((a, b) => (a.place < b.place === newestFirst ? 1 : -1))
          const page = found.slice(0, size)
          const readTo = found.length > page.length ? (page.at(-1)?.place ?? null) : null
          return { letters: page.map(({ letter }) => letter), read: page.length, readTo }
        },
      })
    },
    async settle(record, { status, ...settled }) {
      await yieldPoint()
      const letter = letters.get(nextAfter(record))
      if (letter?.status !== 'open') return false
      letters.set(nextAfter(record), { ...letter, status, settled })
      return true
    },
    async erase(record) {
      await yieldPoint()
      const letter = letters.get(nextAfter(record))
      if (letter) letters.set(nextAfter(record), { ...letter, ...ERASED_LETTER })
    },
  }
  return store
}

function joined(before: DeadLetter, { attempts, unfolded }: DeadLetter): DeadLetter {
  const parts = before.unfolded ?? unfolded
  return {
    ...before,
    attempts: Math.max(before.attempts, attempts),
    ...(parts && { unfolded: parts }),
  }
}
