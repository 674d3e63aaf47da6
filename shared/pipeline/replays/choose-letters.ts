import { Refusal } from '#shared/core/refusal.ts'
import { parseTimestamp } from '#shared/core/time.ts'
import type { DeadLetterFilter } from '#shared/pipeline/dead-letters/dead-letter-filter.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import type { ChooseLetters } from './plan-replay.ts'
import type { LetterFilter } from './replay-requests.ts'

type ChooseDeps = {
  readonly deadLetters: Pick<DeadLetterStore, 'list'>
  /** Every topic that may have dead letters. */
  readonly topics: readonly string[]
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** How many letters a page has: what is read of them besides their positions is not kept. */
const PAGE = 1000

/** Makes what chooses the dead letters that were found up to now, the oldest records first; by default open ones. */
export function letterChooser({ deadLetters, topics, now }: ChooseDeps): ChooseLetters {
  return async (given, isLate) => {
    const filter = { ...filterOf(given), foundUpTo: now() }
    const query = { topics, filter, order: 'oldest', limit: PAGE } as const
    const chosen: Awaited<ReturnType<ChooseLetters>>[number][] = []
    for (let after: string | null | undefined; after !== null; ) {
      const page = await deadLetters.list({ ...query, ...(after !== undefined && { after }) })
      for (const { topic, partition, offset, code } of page.letters)
        chosen.push({ topic, partition, offset, code })
      after = page.next
      if (after !== null && isLate()) throw tooMany(chosen.length)
    }
    return chosen
  }
}

const RETRY_AFTER_SECONDS = 2

/** A part of them would be another replay than the one that was asked for. */
function tooMany(found: number): Refusal {
  const detail = `Choosing these dead letters takes longer than a request may: ${found} were found in time, and there are more to look through. Nothing was created. Choose fewer at once, by "topic", "from" and "to"; or send the request again, if the store was slow.`
  return new Refusal('unavailable', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS })
}

function filterOf({ from, to, status = ['open'], ...rest }: LetterFilter): DeadLetterFilter {
  const times = { from: timeOf(from), to: timeOf(to) }
  const given = Object.entries({ ...rest, ...times, status }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as DeadLetterFilter
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : (parseTimestamp(text) ?? undefined)
}
