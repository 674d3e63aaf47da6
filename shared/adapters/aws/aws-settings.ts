import type { SignOptions } from './sign-request.ts'

/** The region and the credentials, by the names of their environment variables. */
export type AwsSettings = Readonly<Record<string, string | undefined>>

/** What requests are signed with, but for the time. */
export type Signing = Omit<SignOptions, 'now'>

/** Returns what requests are signed with: a function of Lambda has it in its environment for as long as it lives. */
export function signingOf(aws: AwsSettings): Signing {
  return {
    region: aws.AWS_REGION ?? 'local',
    credentials: {
      accessKeyId: aws.AWS_ACCESS_KEY_ID ?? 'local',
      secretAccessKey: aws.AWS_SECRET_ACCESS_KEY ?? 'local',
      sessionToken: aws.AWS_SESSION_TOKEN,
    },
  }
}

/** Returns the credentials of no account: the local stack knows its caller by the name of the key. */
export function localSigning({ AWS_ACCESS_KEY_ID: accessKeyId = 'local' }: AwsSettings): Signing {
  return { region: 'local', credentials: { accessKeyId, secretAccessKey: 'local' } }
}

/**
 * Returns the address of a service in a region. The partitions of China and of the European cloud have domains of their
 * own: https://docs.aws.amazon.com/general/latest/gr/rande.html
 */
export function serviceEndpoint(name: string, region: string): URL {
  const [, domain = 'amazonaws.com'] = DOMAINS.find(([prefix]) => region.startsWith(prefix)) ?? []
  return new URL(`https://${name}.${region}.${domain}`)
}

const DOMAINS: readonly (readonly [string, string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
]
