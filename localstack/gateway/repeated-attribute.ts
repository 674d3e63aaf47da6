import { Buffer } from 'node:buffer'
import type { HttpResult } from './http-result.ts'

/**
 * Returns the refusal of a request that has an attribute of an event as two headers, or null. In the cloud the function
 * gets their values joined by a comma, and refuses them where no single value has one. A subject may have one, so there
 * the mistake would be found only in what was stored. Here the headers are seen as they came, and all of them are told.
 */
export function refuseRepeatedAttribute(rawHeaders: readonly string[]): HttpResult | null {
  const seen = new Set<string>()
  let repeated: string | null = null
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    // The body has the attributes, and these headers are ignored.
    if (name === 'content-type' && /^\s*application\/cloudevents/i.test(rawHeaders[index + 1] ?? ''))
      return null
    if (!name.startsWith('ce-')) continue
    if (seen.has(name)) repeated ??= name
    seen.add(name)
  }
  return repeated === null ? null : refusalOf(repeated.slice(0, 80))
}

function refusalOf(name: string): HttpResult {
  const detail = 'is a header that came several times: send it once.'
  const body = Buffer.from(
    JSON.stringify({
      type: 'urn:tidewire:problem:malformed',
      title: 'The request is malformed',
      status: 400,
      detail: `/${name} ${detail}`,
      errors: [{ pointer: `/${name}`, detail }],
    }),
  )
  return { status: 400, headers: { 'content-type': 'application/problem+json' }, cookies: [], body }
}
