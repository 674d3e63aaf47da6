import { expect, test } from 'vitest'
import { readHttpRoutes } from './http-routes.ts'

const functionOf = (...events: unknown[]) => ({
  handler: 'a.handler',
  events: events.map((httpApi) => ({ httpApi })),
})

/** The routes of the example in API Gateway's guide, declared in the least helpful order. */
const routes = readHttpRoutes({
  service: 's',
  provider: {},
  functions: {
    rest: functionOf('*'),
    anything: functionOf('* /{proxy+}'),
    pets: functionOf('GET /pets/{proxy+}'),
    dog: functionOf({ method: 'get', path: '/pets/dog/{id}' }),
    first: functionOf('GET /pets/dog/1'),
    any: functionOf({ method: '*', path: '/any' }),
    post: functionOf('POST /any'),
    root: functionOf('GET /'),
  },
})

test.each([
  ['GET', '/pets/dog/1', 'GET /pets/dog/1', 'first', null],
  ['GET', '/pets/dog/2', 'GET /pets/dog/{id}', 'dog', { id: '2' }],
  ['GET', '/pets/dog/a%2Fb%20%E2%9A%93', 'GET /pets/dog/{id}', 'dog', { id: 'a/b ⚓' }],
  ['GET', '/pets/dog/%zz', 'GET /pets/dog/{id}', 'dog', { id: '%zz' }],
  ['GET', '/pets/cat/1', 'GET /pets/{proxy+}', 'pets', { proxy: 'cat/1' }],
  ['POST', '/test/5', 'ANY /{proxy+}', 'anything', { proxy: 'test/5' }],
  ['POST', '/any', 'POST /any', 'post', null],
  ['PUT', '/any', 'ANY /any', 'any', null],
  ['GET', '/', 'GET /', 'root', null],
])('%s %s is for the route %s of %s, with %j', (method, path, routeKey, functionKey, pathParameters) => {
  expect(routes.find(method, path)).toEqual({ routeKey, functionKey, pathParameters })
})

test('a parameter is never empty, and without $default what no route matches is null', () => {
  const { find } = readHttpRoutes({
    service: 's',
    provider: {},
    functions: { dog: functionOf('GET /dogs/{id}') },
  })

  expect([
    find('GET', '/dogs/'),
    find('GET', '/dogs'),
    find('GET', '/dogs/1/2'),
    find('POST', '/dogs/1'),
  ]).toEqual([null, null, null, null])
})

test('only a route with the method OPTIONS takes preflights from the gateway', () => {
  const { hasOptions } = readHttpRoutes({
    service: 's',
    provider: {},
    functions: { hooks: functionOf('OPTIONS /hooks/{source}', '* /any', '*') },
  })

  expect([hasOptions('/hooks/github'), hasOptions('/any'), hasOptions('/other')]).toEqual([
    true,
    false,
    false,
  ])
})
