import { describe, expect, test } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { addEvent } from '#shared/testing/accept/logs.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryTelemetry } from '#shared/testing/memory/memory-telemetry.ts'
import { readPaintReport, reportPaints } from './report-paints.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`
const PLACE = { topic: 'events', partition: 0, offset: 0 }
const APPENDED = 1_000_000

async function createWorld() {
  const store = memoryEventStore()
  const telemetry = memoryTelemetry()
  const event = makeEvent('e1', { category: 'tests.a', traceparent: TRACEPARENT })
  await addEvent(store, { ...makeStored(PLACE, event), timestamp: APPENDED })
  // The clock of the page is an hour ahead.
  const ahead = 3_600_000
  const paint = { ...PLACE, received: APPENDED + 20, shown: APPENDED + 30, painted: APPENDED + 45 }
  const byPage = (times: typeof paint) => ({
    ...times,
    received: times.received + ahead,
    shown: times.shown + ahead,
    painted: times.painted + ahead,
  })
  const now = APPENDED + 100
  const report = (paints: readonly (typeof paint)[], principal = makePrincipal()) =>
    reportPaints({ sent: now + ahead, paints: paints.map(byPage) }, principal, {
      store,
      catalog: { names: ['events'] },
      metrics: telemetry.metrics,
      tracing: telemetry.tracing,
      now: () => now,
    })
  return { store, telemetry, paint, report }
}

describe('a page that reports a paint', () => {
  test('is measured by the clock of the pipeline, and followed in the trace of the event', async () => {
    const { telemetry, paint, report } = await createWorld()

    expect(await report([paint])).toBe(1)

    expect(Object.fromEntries(telemetry.values)).toEqual({
      append_to_receive: [20],
      receive_to_paint: [25],
      accept_to_paint: [45],
    })
    expect(telemetry.spans).toMatchObject([
      {
        name: 'receive',
        traceId: TRACE,
        parentId: '00f067aa0ba902b7',
        attributes: { 'service.name': 'page' },
      },
      { name: 'paint', traceId: TRACE, parentId: telemetry.spans[0]?.id },
    ])
    expect(telemetry.counts.get('paints_reported')).toBe(1)
  })

  test('adds nothing about events that are not stored, unknown topics, or what it may not read', async () => {
    const { store, telemetry, paint, report } = await createWorld()
    const secret = { topic: 'events', partition: 1, offset: 0 }
    await addEvent(store, makeStored(secret, makeEvent('e2', { category: 'tidewire.audit.read' })))

    const taken = await report([
      { ...paint, offset: 1 },
      { ...paint, topic: 'unknown' },
      { ...paint, ...secret },
      { ...paint, painted: paint.painted + 600_000 },
    ])

    expect(taken).toBe(0)
    expect([telemetry.values.size, telemetry.spans.length]).toEqual([0, 0])
  })
})

describe('the body of a report', () => {
  const read = (body: unknown) =>
    readPaintReport(new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)))
  const paint = { ...PLACE, received: 1, shown: 2, painted: 3 }

  test('is read', () => {
    expect(read({ sent: 9, paints: [paint] })).toEqual({ sent: 9, paints: [paint] })
  })

  test.each([
    ['malformed', 'no JSON'],
    ['malformed', '3'],
    ['too_large', `{"sent":1,"paints":[],"x":"${'x'.repeat(20_000)}"}`],
    ['invalid_event', { paints: [] }],
    ['invalid_event', { sent: 1, paints: {} }],
    ['invalid_event', { sent: 1, paints: [{ ...paint, painted: 1 }] }],
    ['invalid_event', { sent: 1, paints: [{ ...paint, offset: -1 }] }],
    ['invalid_event', { sent: 1, paints: [{ ...paint, topic: 1 }] }],
    ['invalid_event', { sent: 1, paints: Array(21).fill(paint) }],
  ])('is refused as %s: %j', (code, body) => {
    const refused = (() => {
      try {
        return read(body)
      } catch (error) {
        return error
      }
    })()

    expect(refused).toBeInstanceOf(Refusal)
    expect(refused).toMatchObject({ code })
  })
})
