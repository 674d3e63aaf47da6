import { expect, test } from 'vitest'
import type { Service } from '../service.ts'
import { readSocketRoutes } from './socket-routes.ts'

const functionOf = (...events: unknown[]) => ({
  handler: 'a.handler',
  events: events.map((websocket) => ({ websocket })),
})
const serviceOf = (functions: Service['functions'] & object, expression?: string): Service => ({
  service: 's',
  provider: expression === undefined ? {} : { websocketsApiRouteSelectionExpression: expression },
  functions,
})

test.each([
  ['{"action":"ping"}', 'ping'],
  ['{"action":"dance"}', '$default'],
  ['{"action":7}', '$default'],
  ['{"action":"$connect"}', '$default'],
  ['{"action":"$default"}', '$default'],
  ['{"action":"toString"}', '$default'],
  ['[]', '$default'],
  ['"ping"', '$default'],
  ['ping', '$default'],
])('the message %s is for the route %s', (message, routeKey) => {
  const routes = readSocketRoutes(
    serviceOf({ a: functionOf('$connect', '$disconnect', '$default', { route: 'ping' }) }),
  )

  expect(routes.select(message)?.routeKey).toBe(routeKey)
})

test('the expression may name a deeper member, and without $default there is no route for the rest', () => {
  const routes = readSocketRoutes(serviceOf({ a: functionOf({ route: 'go' }) }, '$request.body.message.type'))

  expect(routes.select('{"message":{"type":"go"}}')?.routeKey).toBe('go')
  expect([routes.select('{"type":"go"}'), routes.connect, routes.disconnect]).toEqual([null, null, null])
})

test('only a route that says so has a response', () => {
  const { select } = readSocketRoutes(
    serviceOf({ a: functionOf({ route: 'a', routeResponseSelectionExpression: '$default' }, '$default') }),
  )

  expect([select('{"action":"a"}')?.hasResponse, select('{}')?.hasResponse]).toEqual([true, false])
})
