import { json, type Sample, TIME } from './sample.ts'
import { bodySigner, type Signer } from './signer.ts'
import { base64, hex, hmac } from './web-crypto.ts'

const payment = {
  pspReference: '7914073381342284',
  merchantAccountCode: 'AcmePOS',
  merchantReference: 'order-1',
  amount: { currency: 'EUR', value: 1130 },
  eventCode: 'AUTHORISATION',
  eventDate: '2026-11-21T09:00:00+01:00',
  success: 'true',
}

/** Deliveries of payments, accounts and invoices. */
export const financeSamples: readonly Sample[] = [
  {
    name: 'adyen',
    source: 'adyen',
    payload: json({ live: 'false', notificationItems: [{ NotificationRequestItem: payment }] }),
    expected: {
      type: 'adyen.AUTHORISATION',
      subject: '7914073381342284',
      time: '2026-11-21T09:00:00+01:00',
    },
  },
  {
    name: 'adyen (platforms)',
    source: 'adyen',
    payload: json({ type: 'balancePlatform.accountHolder.created', timestamp: TIME, data: { id: 'AH1' } }),
    expected: { type: 'adyen.balancePlatform.accountHolder.created', subject: 'AH1', time: TIME },
  },
  {
    name: 'quickbooks',
    source: 'quickbooks',
    payload: json([{ id: 'c1', type: 'qbo.invoice.created.v1', time: TIME, intuitentityid: '1234' }]),
    expected: { type: 'quickbooks.qbo.invoice.created.v1', subject: '1234', time: TIME },
  },
  {
    name: 'razorpay',
    source: 'razorpay',
    payload: json({
      event: 'payment.authorized',
      created_at: 1795248000,
      payload: { payment: { entity: { id: 'pay_1' } } },
    }),
    headers: { 'x-razorpay-event-id': 'ev_1' },
    expected: {
      type: 'razorpay.payment.authorized',
      subject: 'pay_1',
      id: 'ev_1',
      time: '2026-11-21T08:00:00.000Z',
    },
  },
  {
    name: 'xero',
    source: 'xero',
    payload: json({
      events: [{ resourceId: 'r1', eventCategory: 'INVOICE', eventType: 'UPDATE', eventDateUtc: TIME }],
      firstEventSequence: 1,
      lastEventSequence: 1,
      entropy: 'S0m3r4Nd0mt3xt',
    }),
    expected: { type: 'xero.INVOICE', subject: 'r1', time: TIME },
  },
]

/** The key of Adyen is hex; a local secret is text, whose bytes are the key. */
const adyenKey = (secret: string) => new TextEncoder().encode(secret)

export const financeSigners: Readonly<Record<string, Signer>> = {
  adyen: async ({ secret, body }) => {
    const { pspReference, merchantAccountCode, merchantReference, amount, eventCode, success } = payment
    const content = `${pspReference}::${merchantAccountCode}:${merchantReference}:${amount.value}:${amount.currency}:${eventCode}:${success}`
    const hmacSignature = base64(await hmac('SHA-256', adyenKey(secret), content))
    const signed = { ...payment, additionalData: { hmacSignature } }
    return {
      body: JSON.stringify({
        ...JSON.parse(body),
        notificationItems: [{ NotificationRequestItem: signed }],
      }),
    }
  },
  'adyen (platforms)': async ({ secret, body }) => ({
    headers: { hmacsignature: base64(await hmac('SHA-256', adyenKey(secret), body)) },
  }),
  quickbooks: bodySigner('intuit-signature', '', base64),
  razorpay: bodySigner('x-razorpay-signature', '', hex),
  xero: bodySigner('x-xero-signature', '', base64),
}
