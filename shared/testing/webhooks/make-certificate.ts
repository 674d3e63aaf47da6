import { Buffer } from 'node:buffer'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

// X.509 certificates (RFC 5280) in DER, as far as tests need them: a name, hosts, a time, signed by its own key.

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
type Wanted = {
  readonly hosts: readonly string[]
  readonly commonName?: string
  readonly from?: Date
  readonly to?: Date
  readonly keys?: Pair
}

export type Certificate = Pair & { readonly pem: string; readonly keyPem: string }

const SHA256_WITH_RSA = '06092a864886f70d01010b'
const SHA256_WITH_ECDSA = '06082a8648ce3d040302'
const COMMON_NAME = '0603550403'
const ALTERNATIVE_NAME = '0603551d11'

function tlv(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  const size = body.length.toString(16)
  const length =
    body.length < 128
      ? Buffer.of(body.length)
      : Buffer.from(size.padStart(size.length + (size.length % 2), '0'), 'hex')
  return Buffer.concat([
    Buffer.of(tag),
    ...(body.length < 128 ? [] : [Buffer.of(0x80 | length.length)]),
    length,
    body,
  ])
}

const sequence = (...content: readonly Uint8Array[]) => tlv(0x30, ...content)
const hexBytes = (text: string) => Buffer.from(text, 'hex')
const nameOf = (text: string) =>
  sequence(tlv(0x31, sequence(hexBytes(COMMON_NAME), tlv(0x0c, Buffer.from(text)))))
const timeOf = (date: Date) => tlv(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\..*/g, '')}Z`))

/** Returns a certificate that is signed by its own key, of RSA unless `keys` are others. */
export function makeCertificate({
  hosts,
  commonName = hosts[0] ?? 'test',
  from = new Date('2020-01-01T00:00:00Z'),
  to = new Date('2120-01-01T00:00:00Z'),
  keys = generateKeyPairSync('rsa', { modulusLength: 2048 }),
}: Wanted): Certificate {
  const isRsa = keys.privateKey.asymmetricKeyType === 'rsa'
  const algorithm = sequence(
    hexBytes(isRsa ? SHA256_WITH_RSA : SHA256_WITH_ECDSA),
    ...(isRsa ? [hexBytes('0500')] : []),
  )
  const names = sequence(...hosts.map((host) => tlv(0x82, Buffer.from(host))))
  const extensions = sequence(sequence(hexBytes(ALTERNATIVE_NAME), tlv(0x04, names)))
  const content = sequence(
    tlv(0xa0, hexBytes('020102')),
    hexBytes('02012a'),
    algorithm,
    nameOf(commonName),
    sequence(timeOf(from), timeOf(to)),
    nameOf(commonName),
    keys.publicKey.export({ format: 'der', type: 'spki' }),
    ...(hosts.length > 0 ? [tlv(0xa3, extensions)] : []),
  )
  const signature = tlv(0x03, Buffer.of(0), sign('sha256', content, keys.privateKey))
  const lines = sequence(content, algorithm, signature).toString('base64').replaceAll(/.{64}/g, '$&\n')
  return {
    ...keys,
    pem: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    keyPem: keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
}
