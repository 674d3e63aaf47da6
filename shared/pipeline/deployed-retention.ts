import { DAY_SECONDS, formatDuration, type Retention } from '#shared/core/retention.ts'
import type { Domain } from '#shared/domain/define-domain.ts'
import { createCatalog } from './catalog.ts'

/**
 * Returns a retention as it is in force for these domains: a view that the setting does not name is kept for the
 * `keepDays` of its domain, but at least as long as the events that it folds; without `keepDays` for good. Throws an
 * error that lists the names of the setting that do not exist, and the views that it keeps for less than their topics.
 */
export function deployedRetention(setting: Retention, domains: readonly Domain[]): Retention {
  const catalog = createCatalog(domains)
  const views = domains.flatMap(({ name, views = {} }) =>
    Object.entries(views).map(([view, { channels, keepDays }]) => {
      const topics = catalog.topicsTouched(channels)
      const least = Math.max(...topics.map(setting.ofTopic))
      return { name: `${name}/${view}`, keepDays, topics, least }
    }),
  )
  const { named } = setting
  const viewNames = views.map(({ name }) => name)
  const problems = [
    ...unknownNames('topic', named.topics, catalog.names),
    ...unknownNames('view', named.views, viewNames),
  ]
  const kept = new Map<string, number>()
  for (const { name, keepDays, topics, least } of views) {
    const own = setting.ofView(name)
    if (own !== undefined && own < least) {
      const longest = topics.find((topic) => setting.ofTopic(topic) === least)
      const events = `the ${formatDuration(least)} of the events in ${longest} that it folds`
      problems.push(`${name}=${formatDuration(own)} is less than ${events}`)
    }
    const seconds = own ?? (keepDays && Math.max(keepDays * DAY_SECONDS, least))
    if (seconds !== undefined) kept.set(name, seconds)
  }
  if (problems.length > 0) throw new Error(problems.join('; '))
  return { ...setting, ofView: (view) => kept.get(view) }
}

function unknownNames(kind: string, names: readonly string[], existing: readonly string[]): string[] {
  const unknown = names.filter((name) => !existing.includes(name))
  const list = [...existing].sort().join(', ')
  return unknown.map((name) => `${name} is no ${kind}; there are ${list}`)
}
