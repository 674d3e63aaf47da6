import { HopLatencies } from './hop-latencies.tsx'

/** What the pipeline does now. */
export function OverviewTab() {
  return <HopLatencies />
}
