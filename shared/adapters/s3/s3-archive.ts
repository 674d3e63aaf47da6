import { setTimeout } from 'node:timers/promises'
import { type AwsSettings, serviceEndpoint, signingOf } from '#shared/adapters/aws/aws-settings.ts'
import type { HttpReply } from '#shared/adapters/aws/keep-alive-request.ts'
import { isOutage } from '#shared/adapters/aws/outage.ts'
import { encodeStrictly } from '#shared/adapters/aws/sign-request.ts'
import { payloadOf, type SignedRequest, signedRequester } from '#shared/adapters/aws/signed-request.ts'
import type { Archive } from '#shared/pipeline/archive/archive.ts'

type Options = {
  readonly aws: AwsSettings
  readonly bucket: string
  /** Where S3 is, if not in the cloud. */
  readonly endpoint?: string | undefined
  /** The pauses before further tries, in milliseconds. */
  readonly pausesMs?: readonly number[]
}

/** Of one exchange. An object of a batch has 6 MB at most, before it is compressed. */
const PATIENCE_MS = 10_000
/** S3 asks for a slower rate, or was not there: the same request succeeds a little later. */
const PAUSES_MS = [100, 400, 1600]
const PASSING = new Set([409, 429, 500, 502, 503, 504])
const NOT_FOUND = 404
const HAS_CHANGED = 412
const ANY_OBJECT = '*'
const MOST_KEYS = 1000
/** What the keys of an archive have needs no encoding, in a path as little as in XML. */
const KEY = /^[\w.-]+(?:\/[\w.-]+)*$/

/**
 * The archive in a bucket of S3. Its methods throw an error with the status and the code of S3 if it refuses, and what the
 * network threw if it cannot be reached.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function s3Archive({ aws, bucket, endpoint, pausesMs = PAUSES_MS }: Options): Archive {
  const { credentials, region } = signingOf(aws)
  const url = endpoint === undefined ? serviceEndpoint(`${bucket}.s3`, region) : new URL(endpoint)
  const base = endpoint === undefined ? '' : `/${bucket}`
  const request = signedRequester('s3', url)

  async function send(exchange: Pick<SignedRequest, 'method' | 'path' | 'query' | 'headers' | 'payload'>) {
    for (const [tries, pauseMs] of [...pausesMs, null].entries()) {
      try {
        const signing = { credentials, region, now: Date.now() }
        const reply = await request({ ...exchange, timeoutMs: PATIENCE_MS }, signing)
        if (pauseMs === null || !PASSING.has(reply.status)) return { reply, tries }
      } catch (error) {
        if (pauseMs === null || !isOutage(error)) throw error
      }
      await setTimeout(pauseMs)
    }
    throw new Error('there must be a try')
  }
  const read = (path: string, query?: string) =>
    send({ method: 'GET', path, ...(query !== undefined && { query }), headers: {}, payload: payloadOf('') })
  /** Returns false if the condition does not hold. */
  async function write(key: string, bytes: Uint8Array, condition: Readonly<Record<string, string>>) {
    const headers = { 'content-type': 'application/gzip', ...condition }
    const { reply, tries } = await send({
      method: 'PUT',
      path: pathOf(key),
      headers,
      payload: payloadOf(bytes),
    })
    if (reply.status === 200) return true
    if (reply.status !== HAS_CHANGED) throw refusal(`PUT ${key}`, reply)
    // An earlier try may have been done, and only its response was lost.
    return tries > 0 && (await isThere(key, bytes))
  }
  async function isThere(key: string, bytes: Uint8Array) {
    const object = await get(key)
    return object !== null && Buffer.from(object.bytes).equals(bytes)
  }
  async function get(key: string) {
    const { reply } = await read(pathOf(key))
    if (reply.status === NOT_FOUND) return null
    if (reply.status !== 200) throw refusal(`GET ${key}`, reply)
    return { bytes: reply.body, version: String(reply.headers.etag) }
  }
  function pathOf(key: string) {
    if (!KEY.test(key)) throw new Error(`${key} is no key of the archive`)
    return `${base}/${key}`
  }
  return {
    put: (key, bytes) => write(key, bytes, { 'if-none-match': ANY_OBJECT }),
    replace: (key, bytes, version) => write(key, bytes, { 'if-match': version }),
    get,
    async list(prefix, after) {
      // In the order of their names, as they are signed.
      const parameters = [`list-type=2`, `max-keys=${MOST_KEYS}`, `prefix=${encodeStrictly(prefix)}`]
      const from = after === '' ? [] : [`start-after=${encodeStrictly(after)}`]
      const { reply } = await read(`${base}/`, [...parameters, ...from].join('&'))
      if (reply.status !== 200) throw refusal(`list ${prefix}`, reply)
      return [...reply.body.toString().matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key)
    },
  }
}

/** S3 says why in XML. */
function refusal(what: string, { status, body }: HttpReply): Error {
  const [, code = 'no code'] = /<Code>([^<]+)<\/Code>/.exec(body.toString()) ?? []
  return new Error(`S3 refused ${what}: ${code} (${status})`)
}
