import type { HttpRequest } from '#shared/adapters/http/http-message.ts'
import { matchPath } from '#shared/core/path-template.ts'

/**
 * Returns the route of a request with the parameters of its path; undefined where there is none. Routes are named by
 * method and path, such as `GET /events/{id}`; of two that match the first is taken.
 */
export function findRoute<R>(
  routes: Readonly<Record<string, R>>,
  { method, path }: Pick<HttpRequest, 'method' | 'path'>,
): { readonly route: R; readonly pathParameters: Readonly<Record<string, string>> } | undefined {
  for (const [name, route] of Object.entries(routes)) {
    const [wanted, template = ''] = name.split(' ')
    const pathParameters = wanted === method ? matchPath(template, path) : null
    if (pathParameters) return { route, pathParameters }
  }
  return undefined
}
