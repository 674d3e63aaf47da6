import type { CorsSettings, Service } from '../service.ts'

type Headers = Readonly<Record<string, string>>

export type Cors = {
  /** The response headers of a preflight from an origin, with status 204. */
  preflight(origin: string): Headers
  /** The headers that are added to the response of a request from an origin. */
  headers(origin: string): Headers
}

/** What the framework configures for `cors: true`. */
const DEFAULTS = {
  allowedOrigins: ['*'],
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
 * Reads `provider.httpApi.cors`. Returns null if it is not set. An origin that is not allowed gets no headers, so its
 * browser refuses.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
 */
export function readCors({ provider }: Service): Cors | null {
  const declared = provider.httpApi?.cors
  if (!declared) return null
  const settings: CorsSettings = declared === true ? {} : declared
  const origins = settings.allowedOrigins ?? DEFAULTS.allowedOrigins
  const isAny = origins.includes('*')
  const isAllowed = (origin: string) => isAny || origins.includes(origin)
  const common = settings.allowCredentials ? { 'access-control-allow-credentials': 'true' } : {}
  const allowOrigin = (origin: string): Headers =>
    isAny ? { 'access-control-allow-origin': '*' } : { 'access-control-allow-origin': origin, vary: 'origin' }
  const preflight = {
    ...common,
    'access-control-allow-methods': (settings.allowedMethods ?? DEFAULTS.allowedMethods).join(','),
    'access-control-allow-headers': (settings.allowedHeaders ?? DEFAULTS.allowedHeaders).join(','),
    ...(settings.maxAge !== undefined && { 'access-control-max-age': String(settings.maxAge) }),
  }
  const exposed = settings.exposedResponseHeaders?.join(',')
  const actual = { ...common, ...(exposed && { 'access-control-expose-headers': exposed }) }
  return {
    preflight: (origin) => (isAllowed(origin) ? { ...allowOrigin(origin), ...preflight } : {}),
    headers: (origin) => (isAllowed(origin) ? { ...allowOrigin(origin), ...actual } : {}),
  }
}
