import { Buffer } from 'node:buffer'
import { AwsV4Signer } from 'aws4fetch'
import type { AwsCredentials } from '#shared/adapters/aws/sign-request.ts'

/** The most that MSK takes. */
const LIFETIME_SECONDS = 900
/** It is not signed. MSK reads the client's name from it, for its own statistics. */
const USER_AGENT = 'tidewire'

type Options = {
  readonly credentials: AwsCredentials
  readonly region: string
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly userAgent?: string
}

/**
 * Returns a token with which a role authenticates to MSK by SASL/OAUTHBEARER: a presigned request, as base64url without
 * padding. It ends after 15 minutes, and with the credentials that it is made from. It is the one that AWS's own signer
 * makes, without the clients of AWS that this one brings along.
 * @see https://github.com/aws/aws-msk-iam-sasl-signer-js
 */
export async function iamToken({
  credentials,
  region,
  now,
  userAgent = USER_AGENT,
}: Options): Promise<string> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const signer = new AwsV4Signer({
    method: 'GET',
    url: `https://kafka.${region}.amazonaws.com/?Action=kafka-cluster%3AConnect&X-Amz-Expires=${LIFETIME_SECONDS}`,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    service: 'kafka-cluster',
    region,
    datetime: new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, ''),
    signQuery: true,
  })
  const { url } = await signer.sign()
  url.searchParams.set('User-Agent', userAgent)
  url.searchParams.sort()
  return Buffer.from(url.href).toString('base64url')
}
