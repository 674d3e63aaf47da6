import type { LookupFunction } from 'node:net'
import type { PostToUrl } from '#shared/pipeline/replays/replay-to-url.ts'
import { ReplayFailure } from '#shared/pipeline/replays/run-replay.ts'
import { isPublicAddress } from '#shared/pipeline/replays/target-url.ts'

const TIMEOUT_MS = 10_000

/**
 * Makes what posts to URLs that somebody gave: it follows no redirect, and connects to public addresses only, unless
 * `isLocal`. The address is judged when the name is resolved, for the very connection that is opened, so that a name which
 * leads elsewhere a moment later gains nothing.
 */
export function urlPoster({ isLocal }: { readonly isLocal: boolean }): PostToUrl {
  return (url, { headers, body }) =>
    new Promise((resolve, reject) => {
      const target = new URL(url)
      const { request: send } =
        target.protocol === 'https:'
          ? process.getBuiltinModule('node:https')
          : process.getBuiltinModule('node:http')
      const request = send(target, {
        method: 'POST',
        headers: { ...headers, 'content-length': String(new TextEncoder().encode(body).length) },
        agent: false,
        ...(!isLocal && { lookup: publicLookup }),
      })
      const timer = setTimeout(
        () => request.destroy(new Error(`no response within ${TIMEOUT_MS} ms`)),
        TIMEOUT_MS,
      )
      request.on('error', (error) => {
        clearTimeout(timer)
        reject(error)
      })
      request.on('response', ({ statusCode = 0, headers: received }) => {
        clearTimeout(timer)
        const retryAfter = received['retry-after']
        request.destroy() // its body is of no interest, and may be endless
        resolve({ status: statusCode, ...(retryAfter !== undefined && { retryAfter }) })
      })
      request.end(body)
    })
}

/** Resolves a name as Node does, and fails if one of its addresses is not public. */
const publicLookup: LookupFunction = (hostname, options, done) => {
  process.getBuiltinModule('node:dns').lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, [])
    const hidden = addresses.find(({ address }) => !isPublicAddress(address))
    if (hidden)
      return done(new ReplayFailure(`The name ${hostname} leads to an address that is not public.`), [])
    const [first] = addresses
    if (options.all) done(null, addresses)
    else done(null, first?.address ?? '', first?.family)
  })
}
