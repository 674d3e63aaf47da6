import type { CorsSettings, Service } from '../service.ts'

type Headers = Readonly<Record<string, string>>

export type Cors = {
  /** The response headers of a preflight from an origin, with status 204. */
  preflight(origin: string): Headers
  /** The headers that are added to the response of a request from an origin. */
  headers(origin: string): Headers
}

/** What the framework configures for `cors: true`, besides that any origin is allowed. */
const DEFAULTS = {
  allowedHeaders: [
    'Content-Type',
    'X-Amz-Date',
    'Authorization',
    'X-Api-Key',
    'X-Amz-Security-Token',
    'X-Amz-User-Agent',
    'X-Amzn-Trace-Id',
  ],
  allowedMethods: ['OPTIONS', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'],
}

/**
 * Reads `provider.httpApi.cors`. Returns null if it is not set. Instead of the origins that the cloud allows these are
 * those of this stack's pages. Another origin gets no headers, so its browser refuses.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
 */
export function readCors({ provider }: Service, origins: readonly string[]): Cors | null {
  const declared = provider.httpApi?.cors
  if (!declared) return null
  const settings: CorsSettings = declared === true ? {} : declared
  const common = settings.allowCredentials ? { 'access-control-allow-credentials': 'true' } : {}
  const added = (origin: string, headers: Headers): Headers =>
    origins.includes(origin) ? { 'access-control-allow-origin': origin, ...headers } : {}
  const preflight = {
    ...common,
    'access-control-allow-methods': (settings.allowedMethods ?? DEFAULTS.allowedMethods).join(','),
    'access-control-allow-headers': (settings.allowedHeaders ?? DEFAULTS.allowedHeaders).join(','),
    ...(settings.maxAge !== undefined && { 'access-control-max-age': String(settings.maxAge) }),
  }
  const exposed = settings.exposedResponseHeaders?.join(',')
  const actual = { ...common, ...(exposed && { 'access-control-expose-headers': exposed }) }
  return {
    preflight: (origin) => added(origin, preflight),
    headers: (origin) => added(origin, actual),
  }
}
