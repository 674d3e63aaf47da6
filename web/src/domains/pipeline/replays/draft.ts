/** A replay that is being described, as it is typed. */
export type Draft = {
  readonly kind: 'events' | 'views'
  /** Patterns, separated by commas. */
  readonly channels: string
  /** Local times as an input has them. */
  readonly from: string
  readonly to: string
  readonly target: 'url' | 'connection'
  /** The URL, or the id of the connection. */
  readonly place: string
  readonly rate: string
  readonly domains: string
  readonly acceptLoss: boolean
}

export const NEW_DRAFT: Draft = {
  kind: 'events',
  channels: '**',
  from: '',
  to: '',
  target: 'url',
  place: '',
  rate: '100',
  domains: '',
  acceptLoss: false,
}

/** Returns the body of `POST /replays`. What is wrong with it, the server says. */
export function bodyOf({
  kind,
  channels,
  from,
  to,
  target,
  place,
  rate,
  domains,
  acceptLoss,
}: Draft): object {
  if (kind === 'views') {
    const names = listOf(domains)
    return { kind, ...(names.length > 0 && { domains: names }), ...(acceptLoss && { acceptLoss }) }
  }
  return {
    kind,
    channels: listOf(channels),
    from: toInstant(from),
    ...(to !== '' && { to: toInstant(to) }),
    target: target === 'url' ? { url: place.trim() } : { connection: place.trim() },
    rate: Number(rate),
  }
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** Returns the instant of a local time, as RFC 3339; empty if it is none. */
function toInstant(local: string): string {
  const time = new Date(local)
  return Number.isNaN(time.getTime()) ? '' : time.toISOString()
}
