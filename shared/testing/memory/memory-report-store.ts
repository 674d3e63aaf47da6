import {
  type InstanceReport,
  REPORT_KEPT_MS,
  type ReportStore,
} from '#shared/pipeline/telemetry/instance-report.ts'

const WATCH_MS = 60_000

/** A ReportStore in memory, for tests. `now` returns milliseconds. */
export function memoryReportStore(now: () => number = Date.now): ReportStore {
  const reports = new Map<string, InstanceReport>()
  let until = 0
  return {
    async put(report) {
      reports.set(report.instance, report)
    },
    async list() {
      until = now() + WATCH_MS
      return [...reports.values()].filter(({ at }) => at + REPORT_KEPT_MS > now())
    },
    async isWatched() {
      return until > now()
    },
  }
}
