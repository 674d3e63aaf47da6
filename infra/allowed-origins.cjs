/** No page can have this origin (RFC 2606). The gateway has no CORS without an origin, and then no preflight is answered. */
const NOWHERE = 'https://nowhere.invalid'

/** The origins of the web pages that may call the API, from the parameter `allowedOrigins`. */
module.exports = async ({ resolveVariable }) => {
  const { readOrigins } = await import('./read-origins.ts')
  const origins = readOrigins(await resolveVariable('param:allowedOrigins'))
  return origins.length > 0 ? origins : [NOWHERE]
}
