import { expect, test } from 'vitest'
import { browserSignals } from './signals.ts'

/** A window with a document and a network, each an event target, and what is reported. */
function openWindow() {
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const connection = Object.assign(new EventTarget(), { type: 'wifi' })
  const surroundings = Object.assign(new EventTarget(), { document, navigator: { connection } })
  const reports: string[] = []
  const stop = browserSignals(surroundings)({
    changed: () => reports.push('changed'),
    returned: () => reports.push('returned'),
    attended: () => reports.push('attended'),
    leaving: () => reports.push('leaving'),
  })
  const fire = (target: EventTarget, type: string) => target.dispatchEvent(new Event(type))
  return { surroundings, document, connection, reports, stop, fire }
}

test.each([
  ['online', 'changed'],
  ['offline', 'changed'],
  ['focus', 'returned'],
  ['pageshow', 'returned'],
  ['pointerdown', 'attended'],
  ['keydown', 'attended'],
  ['pagehide', 'leaving'],
])('%s of the window is reported as %s', (type, report) => {
  const { surroundings, reports, fire } = openWindow()
  fire(surroundings, type)
  expect(reports).toEqual([report])
})

test('a page that becomes visible, or is no longer frozen, has returned; one that is hidden has not', () => {
  const { document, reports, fire } = openWindow()
  document.visibilityState = 'hidden'
  fire(document, 'visibilitychange')
  expect(reports).toEqual([])
  document.visibilityState = 'visible'
  fire(document, 'visibilitychange')
  fire(document, 'resume')
  expect(reports).toEqual(['returned', 'returned'])
})

test('the focus of an element is no return of the page', () => {
  const { surroundings, reports } = openWindow()
  const focus = Object.defineProperty(new Event('focus'), 'target', { value: {} })
  surroundings.dispatchEvent(focus)
  expect(reports).toEqual([])
})

test('another kind of network is a change, another estimate of its speed is none', () => {
  const { connection, reports, fire } = openWindow()
  fire(connection, 'change')
  expect(reports).toEqual([])
  connection.type = 'cellular'
  fire(connection, 'change')
  expect(reports).toEqual(['changed'])
})

test('nothing is reported after the end, nor by what is no browser', () => {
  const { surroundings, document, connection, reports, stop, fire } = openWindow()
  stop()
  for (const type of ['online', 'focus', 'pagehide']) fire(surroundings, type)
  fire(document, 'visibilitychange')
  connection.type = 'none'
  fire(connection, 'change')
  expect(reports).toEqual([])
  for (const nothing of [undefined, null, {}, { navigator: {} }])
    expect(
      browserSignals(nothing)({
        changed: () => {},
        returned: () => {},
        attended: () => {},
        leaving: () => {},
      }),
    ).not.toThrow()
})
