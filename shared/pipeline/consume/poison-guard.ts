import type { DeadLetterCode, DeadLetterConsumer } from '#shared/core/dead-letter.ts'
import type { Position } from '#shared/core/event.ts'
import { messageOf } from '#shared/core/text/message-of.ts'
import type { UnfoldedPart } from '#shared/pipeline/dead-letters/dead-letter.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import { toDeadLetter } from '#shared/pipeline/dead-letters/to-dead-letter.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import type { DecodeRecord, KafkaRecord } from '#shared/pipeline/ports.ts'
import { type FailedPartition, UnusableRecord } from './consume.ts'
import { isDefect } from './is-defect.ts'
import type { Trial, TrialPlace, TrialStore } from './trial-store.ts'

export type GuardDeps = {
  readonly trials: TrialStore
  readonly deadLetters: Pick<DeadLetterStore, 'put' | 'get'>
  readonly consumer: DeadLetterConsumer
  /** Names this running instance, as no other one is named. */
  readonly owner: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The parts of views that are missing an event which the consumer gave up. */
  readonly unfoldedOf?: ((record: KafkaRecord) => readonly UnfoldedPart[]) | undefined
}

/** Processes records, with a decoder that refuses those which were given up. Returns the partitions that failed. */
export type GuardedWork = (
  records: readonly KafkaRecord[],
  refuse: (decode: DecodeRecord) => DecodeRecord,
) => Promise<readonly FailedPartition[]>

export type PoisonGuard = {
  /**
   * Runs the work on a batch; if it throws, every partition has failed. `name` is that of the function. No record alone is
   * begun after `withinMs` milliseconds. Returns the partitions that failed, and never throws.
   */
  run(
    records: readonly KafkaRecord[],
    work: GuardedWork,
    at: { readonly name: string; readonly withinMs: number },
  ): Promise<readonly FailedPartition[]>
}

const TRIES = 3
/** With the try of its batch that makes three. */
const KILLS = 2
const CODES = { deliver: 'deliver_failed', fold: 'fold_failed' } as const satisfies Record<
  DeadLetterConsumer,
  DeadLetterCode
>
const KILLED = 'the function was killed at this record: it crashed, or ran out of memory or time'

/** A record alone at which instances were killed. */
type Killer = { readonly offset: number; readonly kills: number }
/** A partition to process one record at a time. */
type Suspect = { readonly own: readonly KafkaRecord[]; readonly killer?: Killer }

/**
 * Makes what keeps a record from stopping its partition at which a consumer fails again and again: after three tries it
 * becomes a dead letter (docs/adr/0038). A partition whose batch failed by a defect, or at whose records an earlier
 * instance was killed, is processed one record at a time, so that the record is known. What may pass, such as a throttle,
 * is never given up.
 * One guard belongs to one instance. It notes the first batch of each partition; a batch after one that succeeded costs
 * nothing.
 */
export function createPoisonGuard(deps: GuardDeps): PoisonGuard {
  const { trials, owner } = deps
  const trusted = new Set<string>()
  const { giveUp, skip, isGivenUp } = createBurial(deps)
  return {
    async run(records, work, { name, withinMs }) {
      const deadline = performance.now() + withinMs
      const partitions = [...Map.groupBy(records, keyOf).values()]
      const { calm, suspects, failed } = await beginAll(partitions, name)
      for (const failure of await runCalm(calm, work)) {
        const own = calm.find(([first]) => first && keyOf(first) === keyOf(failure)) ?? []
        if (isDefect(failure.cause))
          suspects.push({ own: own.filter(({ offset }) => offset >= failure.offset) })
        else failed.push(failure)
      }
      // One after the other: where the function is killed again, the note tells at which record.
      for (const suspect of suspects) {
        const failure = await runAlone(suspect, { work, name, deadline })
        if (failure) failed.push(failure)
        await passTrial(
          failure ? suspect.own.filter(({ offset }) => offset <= failure.offset) : suspect.own,
          name,
        )
      }
      const untrusted = calm.filter(([first]) => first && !trusted.has(`${name} ${keyOf(first)}`))
      const ended = [...untrusted, ...suspects.map(({ own }) => own)]
      await Promise.all(ended.map((own) => endTrial(own, name)))
      const failedKeys = new Set(failed.map(keyOf))
      for (const [first] of partitions)
        if (first && !failedKeys.has(keyOf(first))) trusted.add(`${name} ${keyOf(first)}`)
      return failed
    },
  }

  async function beginAll(partitions: readonly (readonly KafkaRecord[])[], name: string) {
    const calm: (readonly KafkaRecord[])[] = []
    const suspects: Suspect[] = []
    const failed: FailedPartition[] = []
    const begun = await Promise.allSettled(partitions.map((own) => begin(own, name)))
    for (const [index, own] of partitions.entries()) {
      const outcome = begun[index]
      if (outcome?.status === 'rejected') failed.push(failureAt(own, outcome.reason))
      else if (outcome?.value) suspects.push(outcome.value)
      else calm.push(own)
    }
    return { calm, suspects, failed }
  }

  /** Returns null for a batch to run as usual. */
  async function begin(own: readonly KafkaRecord[], name: string): Promise<Suspect | null> {
    const [first, last] = [own[0], own.at(-1)]
    if (first === undefined || last === undefined || trusted.has(`${name} ${keyOf(first)}`)) return null
    const place = placeOf(first, name)
    const trial = { first: first.offset, last: last.offset, owner }
    const before = await trials.begin(place, trial)
    if (before === null || before.owner === owner || !overlaps(before, trial)) return null
    if (before.kills === undefined) return { own }
    const killer = { offset: before.first, kills: before.kills + (before.isWaiting ? 0 : 1) }
    await trials.begin(place, { ...noteOf(killer), isWaiting: true })
    return { own, killer }
  }

  function noteOf({ offset, kills }: Killer): Trial {
    return { first: offset, last: offset, kills, owner }
  }

  async function runAlone(
    { own, killer }: Suspect,
    {
      work,
      name,
      deadline,
    }: { readonly work: GuardedWork; readonly name: string; readonly deadline: number },
  ): Promise<FailedPartition | null> {
    for (const record of own) {
      if (performance.now() > deadline)
        return failureAt([record], new Error('no time is left for more records'))
      const kills = record.offset === killer?.offset ? killer.kills : 0
      const wasReached = killer !== undefined && record.offset <= killer.offset
      const failure =
        kills >= KILLS
          ? await giveUp(record, KILLED, work)
          : wasReached && (await isGivenUp(record))
            ? await skip(record, KILLED, work)
            : await tryAlone(record, work, { name, kills })
      if (failure) return failure
    }
    return null
  }

  /** A record that did its work alone before is noted again: it may be the one that kills this time. */
  async function tryAlone(
    record: KafkaRecord,
    work: GuardedWork,
    { name, kills }: { readonly name: string; readonly kills: number },
  ): Promise<FailedPartition | null> {
    // The first try was that of the batch.
    for (let tries = 2; ; tries++) {
      let failure: FailedPartition | undefined
      try {
        await trials.begin(placeOf(record, name), noteOf({ offset: record.offset, kills }))
        failure = (await work([record], (decode) => decode))[0]
      } catch (cause) {
        failure = failureAt([record], cause)
      }
      if (failure === undefined) return null
      if (!isDefect(failure.cause)) return failure
      if (tries === TRIES) return giveUp(record, messageOf(failure.cause), work)
    }
  }

  /**
   * Notes how far a partition was gone through. Where the instance is then killed at another one, the batch comes
   * again: its last record must not be blamed, and what was given up must not be tried again.
   */
  async function passTrial(own: readonly KafkaRecord[], name: string): Promise<void> {
    const last = own.at(-1)
    if (last === undefined) return
    try {
      const passed = noteOf({ offset: last.offset, kills: 0 })
      await trials.begin(placeOf(last, name), { ...passed, isWaiting: true })
    } catch (error) {
      logError('end of a trial not noted', error, { topic: last.topic, partition: last.partition })
    }
  }

  /** What was reported is no killing: a note that stays would blame the next record that another instance meets. */
  async function endTrial([first]: readonly KafkaRecord[], name: string): Promise<void> {
    if (first === undefined) return
    try {
      await trials.end(placeOf(first, name), owner)
    } catch (error) {
      logError('note of a trial not removed', error, { topic: first.topic, partition: first.partition })
    }
  }
}

async function runCalm(
  calm: readonly (readonly KafkaRecord[])[],
  work: GuardedWork,
): Promise<readonly FailedPartition[]> {
  if (calm.length === 0) return []
  try {
    return await work(calm.flat(), (decode) => decode)
  } catch (cause) {
    return calm.map((own) => failureAt(own, cause))
  }
}

/** Makes what turns a record into a dead letter and moves on behind it. */
function createBurial({ deadLetters, consumer, now, unfoldedOf }: GuardDeps) {
  const code = CODES[consumer]
  return {
    async giveUp(record: KafkaRecord, cause: string, work: GuardedWork): Promise<FailedPartition | null> {
      const { topic, partition, offset } = record
      const reason = `given up after ${TRIES} tries: ${cause}`
      logError('record given up', new Error(reason), { topic, partition, offset })
      const unfolded = unfoldedOf?.(record)
      const finding = { code, reason, consumer, found: now(), attempts: TRIES }
      try {
        await deadLetters.put(toDeadLetter(record, { ...finding, ...(unfolded && { unfolded }) }))
      } catch (error) {
        return failureAt([record], error)
      }
      return skip(record, reason, work)
    },
    skip,
    async isGivenUp(record: KafkaRecord): Promise<boolean> {
      const letter = await deadLetters.get(record)
      return letter?.code === code && letter.timestamp === record.timestamp
    },
  }

  /** Runs the work on a record that cannot be decoded: so it moves on behind the record. */
  async function skip(
    record: KafkaRecord,
    reason: string,
    work: GuardedWork,
  ): Promise<FailedPartition | null> {
    const refuse = (): DecodeRecord => () => {
      throw new UnusableRecord(code, reason)
    }
    try {
      return (await work([record], refuse))[0] ?? null
    } catch (error) {
      return failureAt([record], error)
    }
  }
}

function placeOf({ topic, partition }: Position, name: string): TrialPlace {
  return { topic, partition, consumer: name }
}

function keyOf({ topic, partition }: Position): string {
  return `${topic}-${partition}`
}

function overlaps(before: Trial, { first, last }: Trial): boolean {
  return before.first <= last && before.last >= first
}

function failureAt(own: readonly KafkaRecord[], cause: unknown): FailedPartition {
  const [{ topic, partition, offset } = { topic: '', partition: 0, offset: 0 }] = own
  return { topic, partition, offset, cause }
}
