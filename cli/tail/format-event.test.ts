import { expect, it } from 'vitest'
import type { CloudEvent, PositionedEvent } from '#shared/core/event.ts'
import { createEventFormatter } from './format-event.ts'

const positioned = (more: Partial<CloudEvent>): PositionedEvent => ({
  topic: 'port-events',
  partition: 0,
  offset: 7,
  event: { specversion: '1.0', id: '1', source: '/s', type: 't', time: '2026-05-17T08:00:00+02:00', ...more },
})

it('writes one line with what a person looks for', () => {
  const format = createEventFormatter({ color: false, width: 200 })
  const line = format(
    positioned({ severity: 'high', category: 'port.ship', subject: 'EVER', data: { a: [1] } }),
  )
  expect(line).toBe('2026-05-17T06:00:00.000Z  high  port.ship  t  EVER  port-events/0@7  {"a":[1]}')
})

it('keeps columns aligned as they grow', () => {
  const format = createEventFormatter({ color: false, width: 200 })
  format(positioned({ severity: 'critical', category: 'port.container' }))
  const [first, second] = ['low', 'high'].map((severity) => format(positioned({ severity, subject: 'x' })))
  expect(first?.indexOf('port-events')).toBe(second?.indexOf('port-events'))
})

it('colours the severity only when asked to, and shortens the data to the width', () => {
  const event = positioned({ severity: 'critical', data: 'x'.repeat(500) })
  expect(createEventFormatter({ color: true, width: 100 })(event)).toContain('\u001b[31m')
  const plain = createEventFormatter({ color: false, width: 100 })(event)
  expect(plain).not.toContain('\u001b')
  expect(plain).toHaveLength(100)
  expect(plain.endsWith('…')).toBe(true)
})

it('prints no control character of an event, so that no event can change the terminal', () => {
  const hostile = '\u001b[2J\u009b31m\u202e\n'
  const format = createEventFormatter({ color: false, width: 300 })
  const line = format(
    positioned({ subject: hostile, category: hostile, severity: hostile, data: { hostile } }),
  )
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
})

it('marks an event that is ahead of the log, and reads a leap second', () => {
  const format = createEventFormatter({ color: false, width: 200 })
  expect(format({ ...positioned({ time: '2099-01-01T00:00:00Z' }), ahead: true })).toContain('@7 (ahead)')
  expect(format(positioned({ time: '2016-12-31T23:59:60Z' }))).toContain('2016-12-31T23:59:59.000Z')
})
