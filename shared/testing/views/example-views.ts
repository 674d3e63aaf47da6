import { type DomainEvent, defineView, type FoldInput, type View } from '#shared/domain/define-domain.ts'

/** The type of the events that follow from other events. */
export const FOLLOWED_BY = 'followed'

/** The position of a folded event, so that a missing, repeated or reordered event is detected. */
type Seen = { readonly seen: readonly string[] }

const positionOf = ({ topic, partition, offset }: FoldInput) => `${topic}-${partition}:${offset}`
/** Every fold gets events that it ignores, and events at which it throws. */
const isUseless = ({ id }: DomainEvent) => id.endsWith('3')
const isTrouble = ({ id }: DomainEvent) => id.endsWith('5')

const seenBy = (view: Pick<View, 'channels' | 'keys' | 'channelsOf' | 'emit'>) =>
  defineView<Seen>({
    description: 'what came, in order',
    lateEvents: 'as they come',
    initial: () => ({ seen: [] }),
    apply: (state, input) => {
      if (isTrouble(input.event)) throw new Error('a bug of the fold')
      return isUseless(input.event) ? state : { seen: [...state.seen, positionOf(input)] }
    },
    merge: (left, right) => ({ seen: [...left.seen, ...right.seen] }),
    ...view,
  })

/** One state for each category; an event follows from each critical event, and shows the state before it. */
const journal = seenBy({
  emit: (before, input) =>
    input.event.severity === 'critical'
      ? [
          {
            type: FOLLOWED_BY,
            category: 'other.a',
            severity: 'low',
            subject: `${positionOf(input)} after ${(before as Seen).seen.at(-1) ?? 'nothing'}`,
          },
        ]
      : [],
  channels: ['port.**', 'other.*'],
  channelsOf: (key) => [key],
  keys: ({ event }) => [event.category ?? ''],
})

/** Several states for each event, of one topic. */
const labels = seenBy({
  channels: ['port.*'],
  keys: ({ event }) => {
    if (event.id.endsWith('7')) throw new Error('a bug of the keys')
    return [event.severity ?? '', event.category ?? '', event.severity ?? '']
  },
})

/** One state for all events. */
const totals = defineView<Readonly<Record<string, number>>>({
  description: 'how many of each severity',
  lateEvents: 'as they come',
  channels: ['**'],
  initial: () => ({}),
  apply: (counts, { event: { severity = '' } }) => ({ ...counts, [severity]: (counts[severity] ?? 0) + 1 }),
  merge: (left, right) => {
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()
    return Object.fromEntries(names.map((name) => [name, (left[name] ?? 0) + (right[name] ?? 0)]))
  },
})

const views = { journal, labels, totals }
export type ExampleName = keyof typeof views
// biome-ignore lint/suspicious/noExplicitAny: method parameters of different states have no common type
export const EXAMPLES: { readonly name: string; readonly views: Readonly<Record<ExampleName, View<any>>> } = {
  name: 'port',
  views,
}

/** The views that a client can follow. */
export const FOLLOWED: readonly [Followed, ...Followed[]] = [
  { view: 'journal' },
  { view: 'labels' },
  { view: 'totals' },
  { view: 'journal', key: 'port.a' },
  { view: 'journal', key: 'other.b' },
  { view: 'labels', key: 'critical' },
]
export type Followed = { readonly view: ExampleName; readonly key?: string }
