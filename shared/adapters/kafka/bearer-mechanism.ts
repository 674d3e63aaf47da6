import { Buffer } from 'node:buffer'
import type { Mechanism, SaslAuthenticateArgs } from 'kafkajs'

/** https://www.rfc-editor.org/rfc/rfc7628#section-3.1 */
const SEPARATOR = '\u0001'

/** Kafka refused a token. The name is that of kafkajs, so that it is handled as its own. */
class TokenRefused extends Error {
  readonly retriable = false

  constructor(response: string) {
    super(`Kafka refuses the token: ${response}`)
    this.name = 'KafkaJSSASLAuthenticationError'
  }
}

/**
 * SASL/OAUTHBEARER with a token that is made for each authentication. The one of kafkajs does not read the response: where a
 * broker refuses a token with a reason, the next request fails with "not valid given the current SASL state".
 */
export function bearerMechanism(makeToken: () => Promise<string>): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      async authenticate() {
        const refusal = await saslAuthenticate(exchangeOf(await makeToken()))
        if (refusal) throw new TokenRefused(refusal)
      },
    }),
  }
}

/** A message has its length before it: int32, in both directions. */
function exchangeOf(token: string): SaslAuthenticateArgs<string> {
  const message = Buffer.from(`n,,${SEPARATOR}auth=Bearer ${token}${SEPARATOR}${SEPARATOR}`)
  const size = Buffer.alloc(4)
  size.writeInt32BE(message.length)
  return {
    request: { encode: () => Buffer.concat([size, message]) },
    // A token that is accepted has an empty response; of one that is refused it is a JSON document (section 3.2.2).
    response: { decode: (data) => data.subarray(4), parse: (data) => data.toString() },
  }
}
