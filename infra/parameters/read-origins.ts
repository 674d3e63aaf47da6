/**
 * Reads ALLOWED_ORIGINS: the origins of the web pages that may call the API, separated by commas, such as
 * `https://app.example.com`. Throws an error of one line that names what is not an origin; `*` is none, because nobody
 * can say then which pages use the credentials of their users.
 */
export function readOrigins(text: string): readonly string[] {
  const origins = text
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '')
  const wrong = origins.find((origin) => !isOrigin(origin))
  if (wrong !== undefined)
    throw new Error(`ALLOWED_ORIGINS: ${wrong} is not an origin such as https://app.example.com`)
  return [...new Set(origins)]
}

/** As a browser writes it: lower case, no default port, no path. */
function isOrigin(text: string): boolean {
  return /^https?:[^*]*$/.test(text) && URL.canParse(text) && new URL(text).origin === text
}

/** No page can have this origin (RFC 2606). The gateway has no CORS without an origin, and then no preflight is answered. */
const NOWHERE = 'https://nowhere.invalid'

/** The origins of the web pages that may call the API, as the gateway takes them. */
export function allowedOrigins(origins: readonly string[]): readonly string[] {
  return origins.length > 0 ? origins : [NOWHERE]
}
