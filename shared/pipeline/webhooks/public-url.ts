/**
 * The URL that a sender called, as Twilio, HubSpot and Square sign it. `configured` is the public base URL and wins;
 * without one, the `X-Forwarded-*` and `Host` headers are believed, which any sender can write: good enough where
 * nothing else is signed for another host with the same secret, so configure one in the cloud.
 */
export function publicUrl(
  configured: string | undefined,
  {
    path,
    rawQuery,
    headers,
  }: {
    readonly path: string
    readonly rawQuery: string
    readonly headers: Readonly<Record<string, string | undefined>>
  },
): string {
  const protocol = firstOf(headers['x-forwarded-proto']) ?? 'http'
  const host = firstOf(headers['x-forwarded-host']) ?? headers.host ?? 'localhost'
  const base = configured?.replace(/\/+$/, '') || `${protocol}://${host}`
  return `${base}${path}${rawQuery === '' ? '' : `?${rawQuery}`}`
}

/** Each proxy on the way appends what it saw; the first is what the sender called. */
function firstOf(list: string | undefined): string | undefined {
  return list?.split(',')[0]?.trim() || undefined
}
