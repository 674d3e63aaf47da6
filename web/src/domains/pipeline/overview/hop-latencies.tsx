import { useEffect, useState } from 'react'
import { useApi } from '#web/live/api.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { Sparkline } from '#web/ui/data/sparkline.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { type HopLatency, rememberMedians, sayHop, sayMs } from './hops.ts'
import './hop-latencies.css'

type Body = { readonly windowSeconds: number; readonly hops: readonly HopLatency[] }
type Loaded = {
  readonly body: Body | null
  /** The medians of each hop, as far as this page has seen them. */
  readonly medians: ReadonlyMap<string, readonly number[]>
  /** In epoch milliseconds. */
  readonly updatedAt: number | null
  readonly isFailing: boolean
}

const NOTHING: Loaded = { body: null, medians: new Map(), updatedAt: null, isFailing: false }
/** The functions write what they measured every five seconds. */
const REFRESH_MS = 3000

/** How long an event takes for each hop, live. */
export function HopLatencies() {
  const { body, medians, updatedAt, isFailing } = useHops()
  return (
    <Card title="Hop latencies" aside={<FreshnessBadge updatedAt={updatedAt} />}>
      {body === null && !isFailing && <Loading what="the latencies" lines={9} />}
      {body === null && isFailing && (
        <StateMessage
          kind="error"
          title="The latencies could not be read"
          detail="The page tries again by itself."
        />
      )}
      {body && <HopTable body={body} medians={medians} />}
    </Card>
  )
}

function HopTable({
  body: { windowSeconds, hops },
  medians,
}: { readonly body: Body } & Pick<Loaded, 'medians'>) {
  return (
    <div className="hop-latencies">
      <table>
        <caption>
          {`Milliseconds, over all instances in the last ${windowSeconds} s. They are measured while somebody looks.`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Hop</th>
            <th scope="col">50&nbsp;%</th>
            <th scope="col">95&nbsp;%</th>
            <th scope="col">99&nbsp;%</th>
            <th scope="col" className="hop-count">
              Measured
            </th>
            <th scope="col" className="hop-trend">
              50&nbsp;% lately
            </th>
          </tr>
        </thead>
        <tbody>
          {hops.map(({ hop, count, p50, p95, p99 }) => (
            <tr key={hop} data-hop={hop}>
              <th scope="row">{sayHop(hop)}</th>
              <td>{sayMs(p50)}</td>
              <td>{sayMs(p95)}</td>
              <td>{sayMs(p99)}</td>
              <td className="hop-count">{count}</td>
              <td className="hop-trend">
                <Trend hop={hop} values={medians.get(hop) ?? []} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Trend({ hop, values }: { readonly hop: string; readonly values: readonly number[] }) {
  if (values.length < 2) return <>–</>
  const label = `${sayHop(hop)}: from ${sayMs(Math.min(...values))} to ${sayMs(Math.max(...values))} ms`
  return <Sparkline values={values} label={label} width={96} height={20} />
}

function useHops(): Loaded {
  const api = useApi()
  const [loaded, setLoaded] = useState(NOTHING)
  useEffect(() => {
    const left = new AbortController()
    const { signal } = left
    let timer: ReturnType<typeof setTimeout> | undefined
    const load = async () => {
      try {
        const body = await api.get<Body>('/telemetry', { signal })
        setLoaded((before) => ({
          body,
          medians: rememberMedians(before.medians, body.hops),
          updatedAt: Date.now(),
          isFailing: false,
        }))
      } catch {
        if (!signal.aborted) setLoaded((before) => ({ ...before, isFailing: true }))
      }
      if (!signal.aborted) timer = setTimeout(() => void load(), REFRESH_MS)
    }
    void load()
    return () => {
      left.abort()
      clearTimeout(timer)
    }
  }, [api])
  return loaded
}
