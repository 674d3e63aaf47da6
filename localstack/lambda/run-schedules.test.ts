import { expect, test } from 'vitest'
import type { Service } from '../service.ts'
import { readSchedules, runSchedules } from './run-schedules.ts'

const service: Service = {
  service: 'tidewire',
  provider: {},
  functions: {
    worker: { handler: 'w.handler', events: [{ httpApi: '*' }, { schedule: 'rate(1 minute)' }] },
    daily: { handler: 'd.handler', events: [{ schedule: { rate: ['rate(2 days)'], enabled: true } }] },
    off: { handler: 'o.handler', events: [{ schedule: { rate: 'rate(1 hour)', enabled: false } }] },
    cron: { handler: 'c.handler', events: [{ schedule: 'cron(0 12 * * ? *)' }] },
  },
}

test('the rates of functions are read, and what is no rate is named', () => {
  const lines: string[] = []

  const schedules = readSchedules(service, (line) => lines.push(line))

  expect(schedules).toEqual([
    { functionKey: 'worker', rule: 'tidewire-worker-2', everyMs: 60_000 },
    { functionKey: 'daily', rule: 'tidewire-daily-1', everyMs: 172_800_000 },
  ])
  expect(lines).toEqual(['cron: the schedule cron(0 12 * * ? *) is no rate; it does not run here'])
})

test('a function is invoked at once and after each period, with the event of EventBridge', async () => {
  const invoked: { name: string; event: Record<string, unknown> }[] = []
  const timers: { ms: number; run: () => void }[] = []
  let stopped = 0
  const running = runSchedules({
    schedules: readSchedules(service, () => {}),
    names: new Map([
      ['worker', { name: 'tidewire-local-worker', region: 'eu-central-1' }],
      ['daily', { name: 'tidewire-local-daily', region: 'eu-central-1' }],
    ]),
    host: {
      invoke: async (name, event) => {
        invoked.push({ name, event: JSON.parse(event) })
        return { isError: false, payload: 'null' }
      },
    },
    longestMs: 5000,
    every: (ms, run) => {
      timers.push({ ms, run })
      return () => {
        stopped += 1
      }
    },
    now: () => Date.parse('2026-11-27T08:00:00.250Z'),
  })

  timers[0]?.run()
  await running.stop()

  expect(invoked.map(({ name }) => name)).toEqual([
    'tidewire-local-worker',
    'tidewire-local-daily',
    'tidewire-local-worker',
  ])
  expect(invoked[0]?.event).toEqual({
    version: '0',
    id: expect.any(String),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: '2026-11-27T08:00:00Z',
    region: 'eu-central-1',
    resources: ['arn:aws:events:eu-central-1:000000000000:rule/tidewire-worker-2'],
    detail: {},
  })
  expect(timers.map(({ ms }) => ms)).toEqual([5000, 5000])
  expect(stopped).toBe(2)
})
