import fc from 'fast-check'
import * as z from 'zod'
import type { CloudEvent } from '#shared/core/event.ts'
import type { Domain, FoldInput, View } from '#shared/domain/define-domain.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import { makeEvent, makeRecord } from './records.ts'

type Seen = { readonly seen: readonly string[]; readonly sum: number }
type Shape = {
  readonly channels: readonly string[]
  readonly keysOf: 'none' | 'subject' | 'several'
  readonly ignores: number
  readonly throwsAt: number
  readonly emitsAt: number
}

const numberOf = ({ event }: FoldInput) => (event.data as { n: number }).n

/** A view that keeps the position of every event, so that a missing, repeated or reordered event is detected. */
function viewOf({ channels, keysOf, ignores, throwsAt, emitsAt }: Shape): View<Seen> {
  const keys = (input: FoldInput) => {
    const n = numberOf(input)
    if (n === throwsAt + 1) throw new Error('no keys')
    if (keysOf === 'subject') return [input.event.subject ?? 'nobody']
    return [`k${n % 3}`, `k${n % 2}`]
  }
  return {
    description: 'random',
    lateEvents: 'as they come',
    channels,
    ...(keysOf !== 'none' && { keys }),
    initial: () => ({ seen: [], sum: 0 }),
    apply: (state, input) => {
      const n = numberOf(input)
      if (n === throwsAt) throw new Error('trouble')
      if (n % ignores === 0) return state
      return { seen: [...state.seen, `${input.partition}:${input.offset}`], sum: state.sum + n }
    },
    emit: (before, input, after, key) => {
      if (after.sum % emitsAt !== 0) return []
      const data = { n: after.sum, before: before.sum }
      return [
        { type: 'random.followed', subject: key, data },
        { type: 'random.followed', category: 'random.b', data: { n: numberOf(input) } },
      ]
    },
  }
}

const shape: fc.Arbitrary<Shape> = fc.record({
  channels: fc.constantFrom(['random.**'], ['random.a'], ['random.b', 'random.a']),
  keysOf: fc.constantFrom('none', 'subject', 'several'),
  ignores: fc.integer({ min: 2, max: 5 }),
  throwsAt: fc.integer({ min: 0, max: 9 }),
  emitsAt: fc.integer({ min: 1, max: 4 }),
})

/** A domain with up to four views and its own topic. */
export const arbitraryDomain: fc.Arbitrary<Domain> = fc
  .array(shape, { minLength: 1, maxLength: 4 })
  .map((shapes) => ({
    name: 'random',
    topics: { random: ['random.**'] },
    events: { 'random.followed': { schema: z.looseObject({ n: z.number() }), category: 'random.a' } },
    views: Object.fromEntries(shapes.map((one, index) => [`v${index}`, viewOf(one)])),
  }))

const content = fc.oneof(
  { weight: 1, arbitrary: fc.constant('no event') },
  {
    weight: 12,
    arbitrary: fc.record({
      id: fc.integer({ min: 0, max: 40 }).map((n) => `e${n}`),
      subject: fc.constantFrom('x', 'y', ''),
      category: fc.constantFrom('random.a', 'random.b', 'random.c'),
      n: fc.integer({ min: 0, max: 9 }),
    }),
  },
)

/** The records of one partition: events with few ids, so that some are repeated, and some invalid records. */
export function arbitraryLog(partition: number): fc.Arbitrary<KafkaRecord[]> {
  return fc.array(content, { minLength: 1, maxLength: 24 }).map((contents) =>
    contents.map((one, offset) => {
      const place = { topic: 'random', partition, offset }
      if (typeof one === 'string') return makeRecord(place, one)
      const { id, category, subject, n } = one
      const given: Partial<CloudEvent> = { category, data: { n }, ...(subject && { subject }) }
      return makeRecord(place, makeEvent(`p${partition}-${id}`, given))
    }),
  )
}
