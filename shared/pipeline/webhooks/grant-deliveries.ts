import { Refusal } from '#shared/core/refusal.ts'

/** A header's value as it may be echoed: visible ASCII of a bearable length. */
const ORIGIN = /^[!-~]{1,253}$/

/**
 * Answers the handshake of a sender that asks whether it may deliver
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection). Whoever asks is
 * granted: what is delivered must be signed all the same.
 * Throws Refusal `malformed` for an origin that is none.
 */
export function grantDeliveries(headers: Readonly<Record<string, string | undefined>>): {
  readonly status: 200 | 204
  readonly headers: Readonly<Record<string, string>>
} {
  const allow = 'POST, OPTIONS'
  const origin = headers['webhook-request-origin']
  if (origin === undefined) return { status: 204, headers: { allow } } // a browser's preflight, or someone curious
  if (!ORIGIN.test(origin))
    throw new Refusal('malformed', 'The header "WebHook-Request-Origin" must be a DNS name.')
  const asksForRate = headers['webhook-request-rate'] !== undefined
  return {
    status: 200,
    headers: {
      allow,
      'webhook-allowed-origin': origin,
      // A rate must be answered where one was asked for. Deliveries past what we can take are refused with 429 or 503.
      ...(asksForRate && { 'webhook-allowed-rate': '*' }),
    },
  }
}
