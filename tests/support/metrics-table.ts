import { functionMetrics, type ListedMetric, localMetrics } from '../../infra/metric-list.ts'

const BEGIN = '<!-- metrics -->'
const END = '<!-- /metrics -->'

/** Returns docs/telemetry.md with the tables of all metrics between its two marks. */
export function withMetrics(page: string): string {
  const [before = '', rest = ''] = page.split(BEGIN)
  const [, after = ''] = rest.split(END)
  const own = tableOf(
    '| Prometheus | CloudWatch | unit | beside stage and service | meaning |',
    functionMetrics(),
  )
  const local = tableOf('| only locally | | unit | labels | meaning |', localMetrics())
  return `${before}${BEGIN}\n${own}\n\n${local}\n${END}${after}`
}

function tableOf(head: string, metrics: readonly ListedMetric[]): string {
  return [head, '|---|---|---|---|---|', ...metrics.map(lineOf)].join('\n')
}

function lineOf({ prometheus, cloudWatch, kind, unit, dimensions, meaning }: ListedMetric): string {
  const own = dimensions.filter((name) => name !== 'stage' && name !== 'service').map((name) => `\`${name}\``)
  const cells = [
    `\`${prometheus}\``,
    kind === 'gauge' ? '' : `\`${cloudWatch}\``,
    unitOf(unit),
    own.join(', '),
    meaning,
  ]
  return `| ${cells.join(' | ')} |`
}

function unitOf(unit: ListedMetric['unit']): string {
  return { Count: 'count', Milliseconds: 'ms (s)', Bytes: 'bytes', None: '' }[unit]
}
