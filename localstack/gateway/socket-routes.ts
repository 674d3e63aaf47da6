import type { Service } from '../service.ts'

export type SocketRoute = {
  readonly routeKey: string
  readonly functionKey: string
  /** Whether the `body` of the function's response is sent back. */
  readonly hasResponse: boolean
}

export type SocketRoutes = {
  readonly connect: SocketRoute | null
  readonly disconnect: SocketRoute | null
  /** The route of a message: the one that it names, or `$default`; null if there is neither. */
  select(message: string): SocketRoute | null
}

type Event = { readonly route?: string; readonly routeResponseSelectionExpression?: string }

/** The framework's default. */
const SELECTION = '$request.body.action'

/**
 * Reads the `websocket` events of a service, and the expression that names the route of a message, such as
 * `$request.body.action`.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
 */
export function readSocketRoutes({ functions = {}, provider }: Service): SocketRoutes {
  const routes = Object.entries(functions).flatMap(([functionKey, { events = [] }]) =>
    events.flatMap(({ websocket }) => (websocket ? [readRoute(websocket, functionKey)] : [])),
  )
  const byKey = new Map(routes.map((route) => [route.routeKey, route]))
  const expression = provider.websocketsApiRouteSelectionExpression ?? SELECTION
  const path = expression.replace(/^\$request\.body\.?/, '').split('.')
  return {
    connect: byKey.get('$connect') ?? null,
    disconnect: byKey.get('$disconnect') ?? null,
    select(message) {
      const key = selectKey(message, path)
      // A message cannot name a route of the gateway's own.
      const named = key?.startsWith('$') ? undefined : byKey.get(key ?? '')
      return named ?? byKey.get('$default') ?? null
    },
  }
}

function readRoute(event: unknown, functionKey: string): SocketRoute {
  const { route = '', routeResponseSelectionExpression }: Event =
    typeof event === 'string' ? { route: event } : (event as Event)
  return { routeKey: route, functionKey, hasResponse: routeResponseSelectionExpression === '$default' }
}

function selectKey(message: string, path: readonly string[]): string | null {
  try {
    let value: unknown = JSON.parse(message)
    for (const name of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null
      value = (value as Record<string, unknown>)[name]
    }
    return typeof value === 'string' ? value : null
  } catch {
    return null // a message that is not JSON goes to $default
  }
}
