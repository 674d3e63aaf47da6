import { lazy, Suspense } from 'react'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { formatNumber } from '#web/ui/data/format.ts'
import { Card } from '#web/ui/layout/card.tsx'
import { Loading } from '#web/ui/layout/state-message.tsx'
import { useNow } from '#web/ui/state/use-now.ts'
import { useStill } from '../use-still.ts'
import type { Hop, StreamMeter, StreamMetrics } from './stream-meter.ts'
import './stream-panel.css'

const LineChart = lazy(() =>
  import('#web/ui/data/line-chart.tsx').then(({ LineChart: component }) => ({ default: component })),
)

type Props = { readonly meter: StreamMeter; readonly isStill: boolean }

/** How many events come, and how long each one takes from the producer to the screen. */
export function StreamPanel({ meter, isStill }: Props) {
  const now = useStill(useNow(), isStill)
  const metrics = useStill(meter.metrics(now), isStill)
  const { perSecond, seconds, total } = metrics
  const begin = Math.floor(now / 1000) - seconds.length
  return (
    <Card title="Stream" aside={<FreshnessBadge paused={isStill} />}>
      <p className="stream-rate">
        <strong>{formatNumber(perSecond)}</strong> events/s{' '}
        <small>{`${formatNumber(total)} since this page was opened`}</small>
      </p>
      <Suspense fallback={<Loading what="the chart" />}>
        <LineChart
          label={`Events per second in the last two minutes; ${perSecond} now, ${Math.max(...seconds)} maximum`}
          times={seconds.map((_, index) => begin + index)}
          series={[{ label: 'events/s', values: seconds, color: 'accent' }]}
          height={130}
        />
      </Suspense>
      <Hops metrics={metrics} />
    </Card>
  )
}

const HOPS = [
  ['written', 'Written → received'],
  ['buffered', 'Received → on the page'],
  ['painted', 'On the page → on the screen'],
  ['whole', 'Total'],
] as const

function Hops({ metrics }: { metrics: StreamMetrics }) {
  return (
    <table className="hops">
      <caption>Latency in milliseconds, of the last 500 measured events</caption>
      <thead>
        <tr>
          <th scope="col">Hop</th>
          <th scope="col">50&nbsp;%</th>
          <th scope="col">95&nbsp;%</th>
          <th scope="col">99&nbsp;%</th>
        </tr>
      </thead>
      <tbody>
        {HOPS.map(([name, label]) => (
          <tr key={name}>
            <th scope="row">{label}</th>
            {numbersOf(metrics[name]).map(([share, text]) => (
              <td key={share}>{text}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function numbersOf(hop: Hop) {
  return (['p50', 'p95', 'p99'] as const).map(
    (share) => [share, hop ? formatNumber(hop[share]) : '–'] as const,
  )
}
