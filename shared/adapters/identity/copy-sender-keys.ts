import { X509Certificate } from 'node:crypto'
import type { Agent } from 'node:https'
import { writeLog } from '#shared/pipeline/log.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import type { SenderKeyStore, Wanted } from '#shared/pipeline/sender-key-store.ts'
import { isKeySet } from './issuer-keys.ts'

type Options = {
  readonly store: Pick<SenderKeyStore, 'wanted' | 'save' | 'settle'>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** What connects to senders; by default over TLS, with the authorities that Node trusts. */
  readonly agent?: Agent
}

const WITHIN_MS = 2900
/** A set of keys is a few KB; an item of the table must stay below 400. */
const MOST_BYTES = 100_000
/** An address that nobody reached for so long is asked for again by the next delivery that needs it. */
const TRIED_FOR_MS = 600_000

/**
 * Fetches what functions without a way out want of senders, and saves what is a certificate or a set of keys. Anything else
 * is only visited. Nothing is fetched but over TLS, and a redirect is not followed: its target was not allowed by anybody.
 * An address that fails is logged and holds up no other; it is tried again for ten minutes.
 */
export async function copySenderKeys({ store, now, agent }: Options): Promise<void> {
  const copy = async (wanted: Wanted) => {
    const { address, at } = wanted
    const { host } = new URL(address) // what follows it may be a secret of the sender
    try {
      const copied = now()
      const { status, text } = await fetchText(address, agent)
      if (status >= 500 || status === 429) throw new Error(`it was answered with ${status}`)
      // Who names an address that does not exist must not cause alarms.
      if (status !== 200) writeLog('WARN', 'what is wanted of a sender is not there', { host, status })
      if (status === 200 && isPublished(text)) await store.save(address, { text, copied })
    } catch (error) {
      logError(`what is wanted at ${host} could not be fetched`, error)
      if (now() - at < TRIED_FOR_MS) return
    }
    await store.settle(wanted)
  }
  await Promise.all((await store.wanted()).map(copy))
}

function isPublished(text: string): boolean {
  if (isKeySet(text)) return true
  try {
    return new X509Certificate(text) instanceof X509Certificate
  } catch {
    return false // neither keys nor a certificate: it is not kept
  }
}

function fetchText(address: string, agent: Agent | undefined): Promise<{ status: number; text: string }> {
  const url = new URL(address)
  if (url.protocol !== 'https:') throw new Error('it is not an https address')
  const { request: send } = process.getBuiltinModule('node:https')
  return new Promise((resolve, reject) => {
    const request = send(url, { signal: AbortSignal.timeout(WITHIN_MS), ...(agent && { agent }) })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > MOST_BYTES) request.destroy(new Error(`it is larger than ${MOST_BYTES} bytes`))
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      )
    })
    request.end()
  })
}
