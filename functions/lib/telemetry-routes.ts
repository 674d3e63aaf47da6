import type { HttpRequest, HttpResponse } from '#shared/adapters/http/http-message.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { Clock } from '#shared/pipeline/poll.ts'
import type { EventStore } from '#shared/pipeline/ports.ts'
import type { ReportStore } from '#shared/pipeline/telemetry/instance-report.ts'
import { readHops } from '#shared/pipeline/telemetry/read-hops.ts'
import { readPaintReport, reportPaints } from '#shared/pipeline/telemetry/report-paints.ts'
import { NO_TELEMETRY, type Telemetry } from '#shared/pipeline/telemetry/telemetry.ts'

export type TelemetryRouteDeps = {
  readonly reports: Pick<ReportStore, 'list'>
  readonly store: Pick<EventStore, 'topic' | 'read'>
  readonly catalog: Pick<Catalog, 'names'>
  readonly clock: Pick<Clock, 'now'>
  readonly telemetry?: Telemetry
}

/** `GET /telemetry`, the latencies of every hop, and `POST /telemetry`, with which a page reports its paints. */
export function telemetryRoutes({ reports, store, catalog, clock, ...more }: TelemetryRouteDeps) {
  const { metrics, tracing } = more.telemetry ?? NO_TELEMETRY
  return {
    'GET /telemetry': {
      action: 'telemetry.read',
      respond: async (): Promise<HttpResponse> => ({
        status: 200,
        body: await readHops(reports, clock.now()),
      }),
    },
    'POST /telemetry': {
      action: 'telemetry.report',
      respond: async ({ body }: HttpRequest, principal: Principal): Promise<HttpResponse> => {
        const deps = { metrics, tracing, store, catalog, now: clock.now }
        return { status: 202, body: { taken: await reportPaints(readPaintReport(body), principal, deps) } }
      },
    },
  } as const
}
