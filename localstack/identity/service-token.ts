import { randomUUID, sign } from 'node:crypto'
import privateKey from 'cognito-local/lib/keys/cognitoLocal.private.json' with { type: 'json' }

/** The service of the local stack: an app client that gets tokens with its own secret. */
export const SERVICE = { clientId: 'tidewirelocalservice', clientSecret: 'local-service-secret' } as const

/** The key that the emulator signs with. */
const KEY_ID = 'CognitoLocal'
const SECONDS = 3600
const DEFAULT_SCOPE = 'tidewire/publisher'

type TokenRequest = {
  readonly authorization: string | undefined
  /** `application/x-www-form-urlencoded` */
  readonly body: string
}
type Reply = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }

/**
 * Responds to `POST /oauth2/token` as Cognito does to client credentials, for the one service above. It may ask for any
 * scope of the resource server `tidewire`; in the cloud its app client lists them. Cognito's errors have no words.
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
 */
export function issueServiceToken({ authorization, body }: TokenRequest, issuer: string, now: number): Reply {
  const form = new URLSearchParams(body)
  const given = /^basic (.+)$/i.exec(authorization ?? '')?.[1]
  const [id, secret] =
    given === undefined
      ? [form.get('client_id'), form.get('client_secret')]
      : Buffer.from(given, 'base64').toString().split(':')
  if (id !== SERVICE.clientId || secret !== SERVICE.clientSecret) return refuse('invalid_client')
  if (form.get('grant_type') !== 'client_credentials') return refuse('unsupported_grant_type')
  const scope = form.get('scope') ?? DEFAULT_SCOPE
  if (!scope.split(' ').every((one) => /^tidewire\/[!-~]+$/.test(one))) return refuse('invalid_scope')
  const seconds = Math.floor(now / 1000)
  const claims = {
    sub: id,
    token_use: 'access',
    scope,
    auth_time: seconds,
    iss: issuer,
    exp: seconds + SECONDS,
    iat: seconds,
    version: 2,
    jti: randomUUID(),
    client_id: id,
  }
  return {
    status: 200,
    body: { access_token: signToken(claims), expires_in: SECONDS, token_type: 'Bearer' },
  }
}

function signToken(claims: object): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const input = `${encode({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })}.${encode(claims)}`
  return `${input}.${sign('RSA-SHA256', Buffer.from(input), privateKey.pem).toString('base64url')}`
}

function refuse(error: string): Reply {
  return { status: 400, body: { error } }
}
