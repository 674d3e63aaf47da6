import { Refusal } from '#shared/core/refusal.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import type { SenderKey, SenderKeyStore } from '#shared/pipeline/sender-key-store.ts'
import type { KnownKeys } from './keys/certificate.ts'
import { readMultipart } from './multipart.ts'
import type { Need } from './refused.ts'
import type { WebhookSource } from './sources.ts'
import { verifyWebhook } from './verify.ts'
import type { WebhookRequest } from './webhook-request.ts'

// What has to be awaited before a delivery can be verified: what its sender publishes, and a form of several parts.

/** Senders have few addresses. Those of a key set are read again after a minute, so that a key that was withdrawn ends. */
const MOST_KNOWN = 200
const FRESH_MS = 60_000
/** How old a set of keys is at most before a newer copy is asked for. */
const RENEWED_AFTER_MS = 3_600_000
/** By then `signing-keys` has fetched what was asked for. */
const RETRY_AFTER_SECONDS = 60

export type SenderKeys = {
  /**
   * Returns what is published of the keys that a delivery is signed with, as far as it is needed. Throws Refusal
   * `unavailable` if a copy of it is needed first, and asks for that.
   */
  readonly learn: (source: WebhookSource, request: WebhookRequest) => Promise<KnownKeys>
  /** Asks that an address is visited, within a minute. Throws Refusal `unavailable` if too many are asked for. */
  readonly visit: (address: string) => Promise<void>
}

/** The keys of senders, from the copies in the store. What an instance has read it remembers. */
export function senderKeys(
  store: Pick<SenderKeyStore, 'find' | 'want'>,
  { now }: { readonly now: () => number },
): SenderKeys {
  const known = new Map<string, SenderKey>()
  const read = new Map<string, number>()

  async function find(address: string): Promise<SenderKey | undefined> {
    try {
      const found = await store.find(address)
      if (known.size >= MOST_KNOWN) known.clear()
      if (found !== null && found.copied !== known.get(address)?.copied) known.set(address, found)
      read.set(address, now())
    } catch (error) {
      if (!known.has(address)) throw error
      logError('the keys of a sender cannot be read again; the last ones are used', error)
    }
    return known.get(address)
  }
  async function satisfy({ address, copiedAfter }: Need): Promise<void> {
    const found = await find(address)
    if (found !== undefined && found.copied > copiedAfter) return
    await store.want({ address, at: now() })
    const detail = 'The keys that this delivery is signed with are being fetched; send it again in a minute.'
    throw new Refusal('unavailable', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS })
  }
  /** Reads a set of keys again, because keys are added to it and withdrawn; a certificate stays what it is. */
  async function renew(address: string): Promise<void> {
    if (Math.abs(now() - (read.get(address) ?? 0)) <= FRESH_MS) return
    const found = await find(address)
    if (found !== undefined && now() - found.copied > RENEWED_AFTER_MS)
      await store.want({ address, at: now() })
  }

  return {
    async visit(address) {
      if (await store.want({ address, at: now() })) return
      const detail = 'Too many subscriptions are being confirmed; send this again in a minute.'
      throw new Refusal('unavailable', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS })
    },
    async learn({ schemes, secrets }, request) {
      const published = schemes.filter((scheme) => 'certificate' in scheme || 'keys' in scheme)
      if (published.length === 0) return known
      for (const scheme of published)
        if ('keys' in scheme && scheme.keys !== undefined && scheme.header in request.headers)
          await renew(scheme.keys)
      const verdict = verifyWebhook({ ...request, schemes, secrets, known, now: new Date(now()) })
      if (!verdict.ok) for (const need of verdict.needs ?? []) await satisfy(need)
      return known
    },
  }
}

/** Makes a request ready to be verified: a form of several parts is read, and what its sender publishes is returned. */
export async function prepareDelivery(
  source: WebhookSource,
  request: WebhookRequest,
  keys: SenderKeys,
): Promise<KnownKeys> {
  await readMultipart(request.headers['content-type'], request.body)
  return keys.learn(source, request)
}
