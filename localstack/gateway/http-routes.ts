import type { Service } from '../service.ts'

/** A route of the HTTP API: what a request must match, and the key of the function that it is for. */
type Route = {
  /** As in the event, such as `POST /events/{id}` or `$default`. */
  readonly routeKey: string
  /** `*` is any method. */
  readonly method: string
  /** Null for `$default`, which matches every path. */
  readonly segments: readonly Segment[] | null
  readonly functionKey: string
}
type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'one'; readonly name: string }
  | { readonly kind: 'rest'; readonly name: string }

export type RouteMatch = {
  readonly routeKey: string
  readonly functionKey: string
  /** Percent-decoded; null if the route has no parameters. */
  readonly pathParameters: Readonly<Record<string, string>> | null
}

export type HttpRoutes = {
  /** Finds the most specific route of a request whose `path` is still encoded. */
  find(method: string, path: string): RouteMatch | null
  /** Whether a route with the method `OPTIONS` matches a path: then the gateway leaves preflights to it. */
  hasOptions(path: string): boolean
}

/**
 * Reads the `httpApi` events of a service. Of the routes that match, API Gateway takes a text before a parameter,
 * a parameter before a greedy one, and a method before `ANY`; `$default` is last.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function readHttpRoutes({ functions = {} }: Service): HttpRoutes {
  const routes = Object.entries(functions)
    .flatMap(([functionKey, { events = [] }]) =>
      events.flatMap(({ httpApi }) => (httpApi === undefined ? [] : [readRoute(httpApi, functionKey)])),
    )
    .sort((a, b) => (rankOf(a) < rankOf(b) ? -1 : 1))
  const find = (method: string, path: string): RouteMatch | null => {
    const segments = path.split('/').slice(1)
    for (const route of routes) {
      if (route.method !== '*' && route.method !== method) continue
      const pathParameters = matchSegments(route.segments, segments)
      if (pathParameters) return toMatch(route, pathParameters)
    }
    return null
  }
  const explicit = routes.filter(({ method }) => method === 'OPTIONS')
  return {
    find,
    hasOptions(path) {
      const segments = path.split('/').slice(1)
      return explicit.some((route) => matchSegments(route.segments, segments) !== null)
    },
  }
}

/** The event is `METHOD /path`, `*`, or an object with `method` and `path`. */
function readRoute(event: unknown, functionKey: string): Route {
  const fields = event as { method?: string; path?: string }
  const [first = '*', second = fields.path ?? '*'] =
    typeof event === 'string' ? event.trim().split(/\s+/) : [fields.method ?? '*', fields.path ?? '*']
  const method = first.toUpperCase()
  if (second === '*' || event === '*')
    return { routeKey: '$default', method: '*', segments: null, functionKey }
  const routeKey = `${method === '*' ? 'ANY' : method} ${second}`
  return { routeKey, method, segments: second.split('/').slice(1).map(readSegment), functionKey }
}

function readSegment(text: string): Segment {
  const [, name, plus] = /^\{([^}+]+)(\+?)\}$/.exec(text) ?? []
  if (name === undefined) return { kind: 'text', text }
  return plus === '+' ? { kind: 'rest', name } : { kind: 'one', name }
}

/** Sorts the routes: what is more specific is smaller. */
function rankOf({ segments, method }: Route): string {
  const kinds = { text: '0', one: '1', rest: '2' }
  const path = segments === null ? '9' : segments.map(({ kind }) => kinds[kind]).join('')
  return `${path}~${method === '*' ? '1' : '0'}`
}

function matchSegments(
  wanted: readonly Segment[] | null,
  segments: readonly string[],
): Record<string, string> | null {
  if (wanted === null) return {}
  const parameters: Record<string, string> = {}
  for (const [index, segment] of wanted.entries()) {
    const value = segments[index]
    if (value === undefined) return null
    if (segment.kind === 'text') {
      if (segment.text !== value) return null
    } else if (segment.kind === 'rest') {
      parameters[segment.name] = decodePath(segments.slice(index).join('/'))
      return parameters
    } else if (value === '') return null
    else parameters[segment.name] = decodePath(value)
  }
  return wanted.length === segments.length ? parameters : null
}

function toMatch({ routeKey, functionKey, segments }: Route, found: Record<string, string>): RouteMatch {
  const hasParameters = segments?.some(({ kind }) => kind !== 'text') ?? false
  return { routeKey, functionKey, pathParameters: hasParameters ? found : null }
}

/** Percent-decodes a path, or returns it as it is if it is malformed, such as `/%zz`. */
export function decodePath(path: string): string {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
