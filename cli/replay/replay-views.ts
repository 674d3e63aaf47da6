import type { Domain } from '#shared/domain/define-domain.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import {
  planRebuild,
  type RebuildDeps,
  type RebuildPlan,
  rebuildStreams,
} from '#shared/pipeline/views/rebuild-stream.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { CliError, usageError } from '../lib/cli-error.ts'
import { countOf, formatCount } from '../lib/printable.ts'
import { showProgress } from '../lib/show-progress.ts'

export type ReplayChoice = {
  readonly domain?: readonly string[]
  readonly topic?: readonly string[]
  readonly acceptLoss?: true
}
export type ReplayDeps = RebuildDeps & { readonly domains: readonly Domain[]; readonly catalog: Catalog }

const PROGRESS_MS = 5000

/**
 * Rebuilds the views of the chosen topics, with progress on stderr and one line at the end on stdout. Throws CliError,
 * before anything is deleted, on an invalid choice or if Kafka no longer has the first records.
 */
export async function replayViews(
  choice: ReplayChoice,
  deps: ReplayDeps,
  { stdout, stderr, signal }: Pick<CliContext, 'stdout' | 'stderr' | 'signal'>,
): Promise<void> {
  const topics = chooseTopics(choice, deps)
  const plans = await planRebuild(topics, deps)
  const lost = plans.filter(({ from }) => from > 0)
  for (const plan of lost) stderr.write(`${describeLoss(plan)}\n`)
  if (lost.length > 0 && !choice.acceptLoss) throw lossError()
  const total = plans.reduce((sum, { from, end }) => sum + Math.max(0, end - from), 0)
  stderr.write(`rebuilding from ${topics.join(', ')}: ${describePlans(plans, total)}\n`)

  let read = 0
  const began = performance.now()
  const progress = showProgress({
    stderr,
    everyMs: PROGRESS_MS,
    words: { noun: 'record', verb: 'folded' },
    read: () => ({ share: total === 0 ? 1 : Math.min(1, read / total), done: read }),
  })
  const progressed = (records: number) => {
    read += records
  }
  await rebuildStreams(plans, deps, { signal, progressed }).finally(progress.stop)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  stdout.write(`rebuilt the views from ${describePlans(plans, read)} in ${seconds} s; nothing was emitted\n`)
}

function describePlans(plans: readonly RebuildPlan[], records: number): string {
  return `${countOf(records, 'record')} of ${countOf(plans.length, 'partition')}`
}

/** Returns the topics that were named, otherwise those that the views of the chosen domains fold. */
function chooseTopics({ domain, topic }: ReplayChoice, { domains, catalog }: ReplayDeps): string[] {
  const folded = (some: readonly Domain[]) => {
    const views = some.flatMap(({ views: own = {} }) => Object.values(own))
    return catalog.topicsTouched(views.flatMap(({ channels }) => channels))
  }
  const all = folded(domains)
  const names = domains.map(({ name }) => name)
  const unknown = domain?.find((name) => !names.includes(name))
  if (unknown !== undefined) throw usageError(`there is no domain ${unknown}; there are ${names.join(', ')}`)
  const chosen = domain ? folded(domains.filter(({ name }) => domain.includes(name))) : all
  const unfolded = topic?.find((name) => !chosen.includes(name))
  if (unfolded !== undefined)
    throw usageError(`no view folds the topic ${unfolded}; views fold ${chosen.join(', ') || 'none'}`)
  const wanted = topic ?? chosen
  if (wanted.length === 0) throw usageError('there are no views to rebuild')
  return [...new Set(wanted)]
}

function lossError(): CliError {
  return new CliError(
    'the views would lose what those records have contributed: nothing was changed; --accept-loss continues nevertheless',
  )
}

function describeLoss({ topic, partition, from }: RebuildPlan): string {
  return `${topic}, partition ${partition}: the records before offset ${formatCount(from)} have expired`
}
