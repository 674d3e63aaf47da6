import type { HttpRequest } from '#shared/adapters/http/http-message.ts'
import { matchPath } from '#shared/core/text/path-template.ts'

/**
 * Returns the route of a request with the parameters of its path; undefined where there is none. Routes are named by
 * method and path, such as `GET /events/{id}`; of two that match the first is taken. `HEAD` is `GET` whose body the
 * gateway does not send, so that the other headers are the same (RFC 9110 §9.3.2).
 */
export function findRoute<R>(
  routes: Readonly<Record<string, R>>,
  { method, path }: Pick<HttpRequest, 'method' | 'path'>,
): { readonly route: R; readonly pathParameters: Readonly<Record<string, string>> } | undefined {
  const asked = method === 'HEAD' ? 'GET' : method
  for (const [name, route] of Object.entries(routes)) {
    const [wanted, template = ''] = name.split(' ')
    const pathParameters = wanted === asked ? matchPath(template, path) : null
    if (pathParameters) return { route, pathParameters }
  }
  return undefined
}
