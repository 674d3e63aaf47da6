import { expect, test } from 'vitest'
import type { ReceivedEvent } from '#shared/client/connect.ts'
import { createPaintReporter, type PaintReport } from './paint-reporter.ts'

const trace = (flags: string) => `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-${flags}`
const event = (offset: number, traceparent?: string) =>
  ({ topic: 'events', partition: 0, offset, event: { traceparent } }) as unknown as ReceivedEvent

function createWorld({ isAllowed = true, isVisible = true } = {}) {
  const sent: PaintReport[] = []
  const planned: { readonly run: () => void; readonly ms: number }[] = []
  let at = 1000
  const reporter = createPaintReporter({
    send: async (report) => {
      sent.push(report)
      if (!isAllowed) throw new Error('not granted')
    },
    isVisible: () => isVisible,
    now: () => at++,
    wait: (run, ms) => planned.push({ run, ms }),
  })
  const show = (...events: ReceivedEvent[]) => {
    for (const one of events) reporter.received(one)
    reporter.shown()
    reporter.painted()
  }
  return { sent, planned, show }
}

test('of the events of a frame the sampled ones are reported, with the times on their way', () => {
  const { sent, planned, show } = createWorld()

  show(event(1, trace('01')), event(2, trace('00')), event(3), event(4, trace('03')))
  planned[0]?.run()

  expect(sent).toEqual([
    {
      sent: 1004,
      paints: [
        { topic: 'events', partition: 0, offset: 1, received: 1000, shown: 1002, painted: 1003 },
        { topic: 'events', partition: 0, offset: 4, received: 1001, shown: 1002, painted: 1003 },
      ],
    },
  ])
})

test('the first report is sent soon, later ones are rare, and one has at most 20 paints', () => {
  const { sent, planned, show } = createWorld()

  show(event(1, trace('01')))
  planned[0]?.run()
  for (let offset = 0; offset < 50; offset++) show(event(offset, trace('01')))
  planned[1]?.run()

  expect(planned.map(({ ms }) => ms)).toEqual([500, 10_000])
  expect(sent[1]?.paints).toHaveLength(20)
})

test('nothing is reported of a page that nobody sees, or that may not report', async () => {
  const hidden = createWorld({ isVisible: false })
  hidden.show(event(1, trace('01')))
  expect(hidden.planned).toEqual([])

  const refused = createWorld({ isAllowed: false })
  refused.show(event(1, trace('01')))
  refused.planned[0]?.run()
  await Promise.resolve()
  await Promise.resolve()
  refused.show(event(2, trace('01')))
  expect(refused.planned).toHaveLength(1)
})
