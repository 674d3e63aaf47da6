import type { Domain } from '#shared/domain/define-domain.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import {
  planRebuild,
  type RebuildDeps,
  type RebuildPlan,
  rebuildStreams,
} from '#shared/pipeline/views/rebuild-stream.ts'
import type { CliContext } from '../cli-context.ts'
import { CliError, usageError } from '../cli-error.ts'
import { countOf, formatCount } from '../printable.ts'
import { showProgress } from '../publish/show-progress.ts'

export type ReplayChoice = {
  readonly domain?: readonly string[]
  readonly topic?: readonly string[]
  readonly acceptLoss?: true
}
export type ReplayDeps = RebuildDeps & { readonly domains: readonly Domain[]; readonly catalog: Catalog }

/**
 * Rebuilds the views of the chosen topics and says so: progress on stderr, one line at the end on stdout. Throws
 * CliError, before anything is forgotten, where the choice makes no sense or Kafka no longer holds the beginning.
 */
export async function replayViews(
  choice: ReplayChoice,
  deps: ReplayDeps,
  { stdout, stderr, signal }: Pick<CliContext, 'stdout' | 'stderr' | 'signal'>,
): Promise<void> {
  const topics = chooseTopics(choice, deps)
  const plans = await planRebuild(topics, deps)
  const lost = plans.filter(({ from }) => from > 0)
  for (const plan of lost) stderr.write(`${sayLoss(plan)}\n`)
  if (lost.length > 0 && !choice.acceptLoss) throw refuseLoss()
  const total = plans.reduce((sum, { from, end }) => sum + Math.max(0, end - from), 0)
  stderr.write(`rebuilding from ${topics.join(', ')}: ${sayPlans(plans, total)}\n`)

  let read = 0
  const words = { noun: 'record', verb: 'folded' }
  const share = () => (total === 0 ? 1 : Math.min(1, read / total))
  const began = performance.now()
  const progress = showProgress({
    ...{ stderr, everyMs: 5000, words },
    read: () => ({ share: share(), published: read }),
  })
  const progressed = (records: number) => {
    read += records
  }
  await rebuildStreams(plans, deps, { signal, progressed }).finally(progress.stop)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  stdout.write(`rebuilt the views from ${sayPlans(plans, read)} in ${seconds} s; nothing was emitted\n`)
}

function sayPlans(plans: readonly RebuildPlan[], records: number): string {
  return `${countOf(records, 'record')} of ${countOf(plans.length, 'partition')}`
}

/** The topics that were named, or those that the views of the chosen domains fold. */
function chooseTopics({ domain, topic }: ReplayChoice, { domains, catalog }: ReplayDeps): string[] {
  const folded = (domains: readonly Domain[]) => {
    const views = domains.flatMap(({ views: own = {} }) => Object.values(own))
    return catalog.topicsTouched(views.flatMap(({ channels }) => channels))
  }
  const all = folded(domains)
  const names = domains.map(({ name }) => name)
  const strange = domain?.find((name) => !names.includes(name))
  if (strange !== undefined) throw usageError(`there is no domain ${strange}; there are ${names.join(', ')}`)
  const chosen = domain ? folded(domains.filter(({ name }) => domain.includes(name))) : all
  const foreign = topic?.find((name) => !chosen.includes(name))
  if (foreign !== undefined)
    throw usageError(`no view folds the topic ${foreign}; views fold ${chosen.join(', ') || 'none'}`)
  const wanted = topic ?? chosen
  if (wanted.length === 0) throw usageError('there are no views to rebuild')
  return [...new Set(wanted)]
}

function refuseLoss(): CliError {
  return new CliError(
    'the views would forget what came of those records: nothing was changed; --accept-loss goes on all the same',
  )
}

function sayLoss({ topic, partition, from }: RebuildPlan): string {
  return `${topic}, partition ${partition}: the records before offset ${formatCount(from)} have expired`
}
