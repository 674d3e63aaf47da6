import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto'

const ALGORITHM = 'AWS4-HMAC-SHA256'
const TERMINATOR = 'aws4_request'

export type AwsCredentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** What is signed of a request. */
export type UnsignedRequest = {
  readonly method: string
  /** As it is sent: encoded once, without empty or dot segments. For S3 it must have unreserved characters only. */
  readonly path: string
  /** As it is sent: encoded strictly, its parameters in the order of their names. */
  readonly query?: string | undefined
  /** Names in lower case, values without line breaks or repeated spaces. All of them are signed; `host` is one. */
  readonly headers: Readonly<Record<string, string>>
  /** SHA-256 of the body in hex. */
  readonly bodySha256: string
}

export type SignOptions = {
  readonly credentials: AwsCredentials
  readonly region: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * Returns a function that signs requests to `service` with Signature Version 4. It returns the headers to send: those
 * of the request, `authorization`, and what begins with `x-amz-`; they are those that the SDK sends.
 *
 * Each request costs two hashes and one HMAC, because the derived key is kept until the day, the region or the
 * credentials change. The signer of the SDK does the same in several promises and classes, at many times the price.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function createSigner(
  service: string,
): (request: UnsignedRequest, options: SignOptions) => Record<string, string> {
  const keyOf = createKeyCache(service)
  const timeOf = createTimeCache()
  return ({ method, path, query = '', headers, bodySha256 }, { credentials, region, now }) => {
    const time = timeOf(now)
    const day = time.slice(0, 8)
    const signed: Record<string, string> = {
      ...headers,
      'x-amz-content-sha256': bodySha256,
      'x-amz-date': time,
    }
    if (credentials.sessionToken !== undefined) signed['x-amz-security-token'] = credentials.sessionToken
    const names = Object.keys(signed).sort()
    const list = names.join(';')
    const lines = names.map((name) => `${name}:${signed[name]}\n`).join('')
    const canonical = `${method}\n${canonicalPath(path)}\n${query}\n${lines}\n${list}\n${bodySha256}`
    const scope = `${day}/${region}/${service}/${TERMINATOR}`
    const toSign = `${ALGORITHM}\n${time}\n${scope}\n${hash('sha256', canonical)}`
    const signature = createHmac('sha256', keyOf(credentials, day, region))
      .update(toSign)
      .digest('hex')
    signed.authorization = `${ALGORITHM} Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${list}, Signature=${signature}`
    return signed
  }
}

/** Every service but S3 encodes each segment once more for the signature: `abc%3D` becomes `abc%253D`. */
function canonicalPath(path: string): string {
  return path === '/' ? path : encodeStrictly(path).replaceAll('%2F', '/')
}

/** Encodes all but the unreserved characters of RFC 3986; `encodeURIComponent` leaves out `!'()*`. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/**
 * Keeps the last key only: a process signs with one set of credentials for one region at a time. It is kept as a
 * KeyObject, because an HMAC with a key in a Buffer costs seven times as much.
 */
function createKeyCache(service: string) {
  type Known = {
    readonly secret: string
    readonly day: string
    readonly region: string
    readonly key: KeyObject
  }
  let known: Known | undefined
  return ({ secretAccessKey: secret }: AwsCredentials, day: string, region: string): KeyObject => {
    if (known?.secret === secret && known.day === day && known.region === region) return known.key
    const derived = [day, region, service, TERMINATOR].reduce<Buffer>(
      (key, part) => createHmac('sha256', key).update(part).digest(),
      Buffer.from(`AWS4${secret}`),
    )
    const key = createSecretKey(derived)
    known = { secret, day, region, key }
    return key
  }
}

/** Returns times as `20261126T205012Z`; the requests of one second share a text. */
function createTimeCache() {
  let second = Number.NaN
  let text = ''
  return (now: number): string => {
    const wanted = Math.floor(now / 1000)
    if (wanted !== second) {
      second = wanted
      text = new Date(wanted * 1000).toISOString().replace(/[-:]|\.000/g, '')
    }
    return text
  }
}
