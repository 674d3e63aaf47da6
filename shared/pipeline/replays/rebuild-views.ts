import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import { planRebuild, type RebuildDeps, type RebuildPlan } from '#shared/pipeline/views/rebuild-stream.ts'
import type { Slice } from './replay-job.ts'
import type { ReplayJob } from './replay-store.ts'
import { type DoSlice, ReplayFailure } from './run-replay.ts'

/**
 * How far a rebuild is: which topics are left, and of the first one what is read of each partition from `next` on. Its
 * streams are marked once `isMarked`. Then their parts are deleted, which goes on at `forgetFrom` until there is none.
 */
type ViewsCheckpoint = {
  readonly topics: readonly string[]
  readonly current?: {
    readonly isMarked: boolean
    readonly forgetFrom?: string | null
    readonly streams: readonly (RebuildPlan & { readonly next: number })[]
  }
}

type ViewsDeps = RebuildDeps & {
  /** Milliseconds since some moment. */
  readonly elapsed: () => number
}

const NOTHING = { done: 0, skipped: 0, failed: 0 } as const
/** How often the progress of a topic is saved, in milliseconds. */
const SAVED_EVERY_MS = 1000

/**
 * Makes what rebuilds views topic by topic: the fold of a topic waits only while that one is rebuilt, and a replay is
 * paused or cancelled between two. A worker that dies is followed by another one that continues each partition: parts
 * know which events they include, so what is folded twice counts once.
 */
export function viewsSlice(deps: ViewsDeps): DoSlice {
  return async (job, tools) => {
    const checkpoint = job.checkpoint as ViewsCheckpoint | undefined
    if (checkpoint === undefined) return planTopics(job, deps)
    const [topic, ...rest] = checkpoint.topics
    if (topic === undefined) return { counts: NOTHING, checkpoint, isDone: true }
    return rebuildTopic(topic, rest, { checkpoint, deps, ...tools })
  }
}

/** Throws ReplayFailure, before anything is deleted, if Kafka no longer has the first records. */
async function planTopics({ request }: ReplayJob, deps: ViewsDeps): Promise<Slice> {
  const topics = request.topics as readonly string[]
  const plans = await planRebuild(topics, deps)
  const lost = plans.filter(({ from }) => from > 0)
  if (lost.length > 0 && request.acceptLoss !== true) throw new ReplayFailure(describeLoss(lost))
  const total = plans.reduce((sum, { from, end }) => sum + Math.max(0, end - from), 0)
  return { counts: NOTHING, checkpoint: { topics }, isDone: topics.length === 0, total }
}

type Rebuilding = Parameters<DoSlice>[1] & {
  readonly checkpoint: ViewsCheckpoint
  readonly deps: ViewsDeps
}

async function rebuildTopic(
  topic: string,
  rest: readonly string[],
  { checkpoint, deps, signal, report }: Rebuilding,
): Promise<Slice> {
  const { topics } = checkpoint
  const at = (current: ViewsCheckpoint['current'], done = 0): Slice => ({
    counts: { ...NOTHING, done },
    checkpoint: { topics, ...(current && { current }) } satisfies ViewsCheckpoint,
    isDone: false,
  })
  let savedAt = deps.elapsed()
  const marking = checkpoint.current?.isMarked ? checkpoint.current : await mark()
  const marked = marking.streams
  await forgetParts(marking)
  const next = new Map(marked.map((stream) => [stream.partition, stream.next]))
  const streamsNow = () => marked.map((one) => ({ ...one, next: next.get(one.partition) ?? one.next }))
  let folded = 0
  let saving: Promise<void> = Promise.resolve()
  const take = async (records: readonly KafkaRecord[]) => {
    await deps.fold(records)
    const last = records.at(-1)
    if (last === undefined) return
    folded += last.offset + 1 - (next.get(last.partition) ?? last.offset)
    next.set(last.partition, last.offset + 1)
    if (deps.elapsed() - savedAt < SAVED_EVERY_MS) return
    savedAt = deps.elapsed()
    const slice = at({ isMarked: true, streams: streamsNow() }, folded)
    folded = 0
    saving = saving.then(() => report(slice))
    await saving
  }
  const spans = marked.filter((one) => one.next < one.end).map((one) => ({ ...one, from: one.next }))
  if (spans.length > 0) await deps.reader.read(spans, take, signal)
  for (const stream of marked) await deps.viewStore.endRebuild(stream)
  return {
    counts: { ...NOTHING, done: folded },
    checkpoint: { topics: rest } satisfies ViewsCheckpoint,
    isDone: rest.length === 0,
  }

  /** Marks the streams. That it began is known before: a worker that follows marks them again. */
  async function mark() {
    const plans = await planRebuild([topic], deps)
    const begun = plans.map((plan) => ({ ...plan, next: plan.from }))
    await report(at({ isMarked: false, streams: begun }))
    const streams = await Promise.all(
      begun.map(async (stream) => {
        // A batch that was folded between the plan and the mark is rebuilt too.
        const before = await deps.viewStore.beginRebuild(stream)
        return { ...stream, end: Math.max(stream.end, before + 1) }
      }),
    )
    const current = { isMarked: true, streams, forgetFrom: null }
    await report(at(current))
    return current
  }

  /** The table may be larger than what one worker can look through in its time: the next one goes on where it stopped. */
  async function forgetParts({ streams, forgetFrom }: NonNullable<ViewsCheckpoint['current']>) {
    const partitions = streams.map(({ partition }) => partition)
    for (let from = forgetFrom; from !== undefined; ) {
      signal.throwIfAborted()
      const behind = await deps.viewStore.forgetParts(topic, partitions, from)
      from = behind ?? undefined
      if (from !== undefined && deps.elapsed() - savedAt < SAVED_EVERY_MS) continue
      savedAt = deps.elapsed()
      await report(at({ isMarked: true, streams, ...(from !== undefined && { forgetFrom: from }) }))
    }
  }
}

function describeLoss(lost: readonly RebuildPlan[]): string {
  const named = lost.map(({ topic, partition, from }) => `${topic}-${partition} before offset ${from}`)
  return `The views would lose what records have contributed that Kafka no longer has (${named.join(', ')}). Nothing was changed; create the replay with "acceptLoss": true to continue nevertheless.`
}
