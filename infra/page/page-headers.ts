/** Where a page may send requests to, as a policy names it: origins such as `https://api.example.com`. */
export type Origins = readonly string[]

/** What a Content-Security-Policy lets the page reach. */
export function connectSources(origins: Origins): string {
  return `connect-src 'self' ${[...new Set(origins)].join(' ')}`
}

/**
 * Returns the headers of every response of the page's server, by their names in lower case. The page may load only its own
 * scripts and styles and send requests only to `origins`. Inline scripts and style sheets and frames are forbidden.
 */
export function pageHeaders(origins: Origins) {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    connectSources(origins),
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  } as const
}
