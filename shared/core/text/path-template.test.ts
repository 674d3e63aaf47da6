import { expect, test } from 'vitest'
import { matchPath } from './path-template.ts'

test.each([
  ['/events', '/events', {}],
  ['/events/{id}', '/events/a ⚓', { id: 'a ⚓' }],
  ['/events/{id}', '/events/100%', { id: '100%' }],
  ['/views/{domain}/{view}', '/views/port/cases', { domain: 'port', view: 'cases' }],
  ['/events/{id}', '/events', null],
  ['/events/{id}', '/events/', null],
  ['/events/{id}', '/events/a/b', null],
  ['/events/{id}', '/streams/a', null],
])('the template %s and the decoded path %s give %j', (template, path, parameters) => {
  expect(matchPath(template, path)).toEqual(parameters)
})
