import { expect, test } from 'vitest'
import { matchPath } from './path-template.ts'

test.each([
  ['/events', '/events', {}],
  ['/events/{id}', '/events/a%2Fb%20%E2%9A%93', { id: 'a/b ⚓' }],
  ['/views/{domain}/{view}', '/views/port/cases', { domain: 'port', view: 'cases' }],
  ['/events/{id}', '/events', null],
  ['/events/{id}', '/events/', null],
  ['/events/{id}', '/events/a/b', null],
  ['/events/{id}', '/streams/a', null],
  ['/events/{id}', '/events/%zz', null],
])('the template %s and the path %s give %j', (template, path, parameters) => {
  expect(matchPath(template, path)).toEqual(parameters)
})
