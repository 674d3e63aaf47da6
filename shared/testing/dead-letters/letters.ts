import type { DeadLetter } from '#shared/pipeline/dead-letters/dead-letter.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'

/** Returns a dead letter of an invented record of the topic `t`. */
export function makeLetter(given: Partial<DeadLetter> = {}): DeadLetter {
  const offset = given.offset ?? 0
  const timestamp = given.timestamp ?? 1_700_000_000_000 + offset
  return {
    topic: 't',
    partition: 0,
    offset,
    timestamp,
    reason: 'no event',
    code: 'undecodable',
    consumer: 'deliver',
    attempts: 1,
    found: timestamp + 5,
    key: null,
    value: 'e30=',
    truncated: false,
    headers: [],
    status: 'open',
    ...given,
  }
}

/** Returns every dead letter of some topics, newest first. */
export async function allLetters(
  store: Pick<DeadLetterStore, 'list'>,
  topics: readonly string[],
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  for (let after: string | null | undefined; after !== null; ) {
    const page = await store.list({ topics, filter: {}, limit: 500, ...(after !== undefined && { after }) })
    letters.push(...page.letters)
    after = page.next
  }
  return letters
}
