import { randomUUID } from 'node:crypto'
import type { Service } from '../service.ts'
import type { FunctionHost } from './start-function-host.ts'

/** A function that a rate invokes, by the name of its rule. */
export type Schedule = { readonly functionKey: string; readonly rule: string; readonly everyMs: number }

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const
/** @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based */
const RATE = /^rate\((\d+) (minute|hour|day)s?\)$/

/**
 * Returns the schedules of the functions with a rate, as `serverless.yml` has them: `schedule: rate(1 minute)`, or an
 * object with `rate`. Those that are not enabled are left out. What is no rate, such as a cron expression, is logged.
 */
export function readSchedules({ functions = {}, service }: Service, log: (line: string) => void): Schedule[] {
  return Object.entries(functions).flatMap(([functionKey, { events = [] }]) =>
    events.flatMap(({ schedule }, index): Schedule[] => {
      if (schedule === undefined) return []
      const { rate, enabled = true } = (typeof schedule === 'object' ? schedule : { rate: schedule }) as {
        readonly rate?: unknown
        readonly enabled?: boolean
      }
      if (!enabled) return []
      const [, count, unit] = RATE.exec(String([rate].flat()[0])) ?? []
      if (count === undefined)
        log(`${functionKey}: the schedule ${String(rate)} is no rate; it does not run here`)
      const unitMs = UNIT_MS[unit as keyof typeof UNIT_MS]
      return count === undefined
        ? []
        : [{ functionKey, rule: `${service}-${functionKey}-${index + 1}`, everyMs: Number(count) * unitMs }]
    }),
  )
}

type Options = {
  readonly schedules: readonly Schedule[]
  /** The names of the functions in the account, by their key. */
  readonly names: ReadonlyMap<string, { readonly name: string; readonly region: string }>
  readonly host: Pick<FunctionHost, 'invoke'>
  /** The longest period: a shorter one than the rates have shows sooner what a schedule does. */
  readonly longestMs: number
  readonly every?: (ms: number, run: () => void) => () => void
  readonly now?: () => number
}

/**
 * Invokes functions on their schedules, as EventBridge does: once at the beginning and then after each period, whether the
 * invocation before has ended or not.
 */
export function runSchedules({
  schedules,
  names,
  host,
  longestMs,
  every = repeat,
  now = Date.now,
}: Options): { stop(): Promise<void> } {
  const stops = schedules.flatMap(({ functionKey, rule, everyMs }) => {
    const target = names.get(functionKey)
    if (target === undefined) return []
    const run = () =>
      void host.invoke(target.name, JSON.stringify(scheduledEvent(rule, target.region, now())))
    run()
    return [every(Math.min(everyMs, longestMs), run)]
  })
  return {
    async stop() {
      for (const stop of stops) stop()
    },
  }
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html */
function scheduledEvent(rule: string, region: string, now: number) {
  const account = '000000000000'
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account,
    time: `${new Date(now).toISOString().slice(0, 19)}Z`,
    region,
    resources: [`arn:aws:events:${region}:${account}:rule/${rule}`],
    detail: {},
  }
}

function repeat(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms)
  return () => clearInterval(timer)
}
