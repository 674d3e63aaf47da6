import type { Provider } from '#shared/pipeline/webhooks/provider.ts'
import { bodyHmac } from './body-hmac.ts'

const ADYEN_ITEM = '/notificationItems/0/NotificationRequestItem'
/** What Adyen signs of a payment, joined by colons; a field that it does not send is signed as no text. */
const ADYEN_CONTENT = [
  `{field:${ADYEN_ITEM}/pspReference}`,
  `{field:${ADYEN_ITEM}/originalReference?}`,
  `{field:${ADYEN_ITEM}/merchantAccountCode}`,
  `{field:${ADYEN_ITEM}/merchantReference?}`,
  `{field:${ADYEN_ITEM}/amount/value?}`,
  `{field:${ADYEN_ITEM}/amount/currency?}`,
  `{field:${ADYEN_ITEM}/eventCode}`,
  `{field:${ADYEN_ITEM}/success?}`,
].join(':')

/** Providers of payments, accounts and invoices. */
export const financeProviders: Readonly<Record<string, Provider>> = {
  // https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures : payments are signed in the
  // body, by some of their fields; what platforms send is signed as a whole.
  adyen: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { field: `${ADYEN_ITEM}/additionalData/hmacSignature` },
        encoding: 'base64',
        content: ADYEN_CONTENT,
        key: 'hex',
      },
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'hmacsignature' },
        encoding: 'base64',
        content: '{body}',
        key: 'hex',
      },
    ],
    mapping: {
      name: [{ field: `${ADYEN_ITEM}/eventCode` }, { field: '/type' }],
      subject: [{ field: `${ADYEN_ITEM}/pspReference` }, { field: '/data/id' }],
      time: [{ field: `${ADYEN_ITEM}/eventDate` }, { field: '/timestamp' }],
    },
    // https://docs.adyen.com/development-resources/webhooks/handle-webhook-events/
    answer: { status: 200, body: '[accepted]' },
  },
  // https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks : lists of changes, and since 2026 of CloudEvents.
  quickbooks: {
    schemes: [bodyHmac('intuit-signature', 'base64')],
    mapping: {
      name: [{ field: '/0/type' }, { field: '/eventNotifications/0/dataChangeEvent/entities/0/name' }],
      subject: [
        { field: '/0/intuitentityid' },
        { field: '/eventNotifications/0/dataChangeEvent/entities/0/id' },
        { field: '/eventNotifications/0/realmId' },
      ],
      time: [{ field: '/0/time' }, { field: '/eventNotifications/0/dataChangeEvent/entities/0/lastUpdated' }],
    },
    answer: { status: 200, body: '' },
  },
  // https://razorpay.com/docs/webhooks/validate-test/
  razorpay: {
    schemes: [bodyHmac('x-razorpay-signature', 'hex')],
    mapping: {
      name: [{ field: '/event' }],
      id: [{ header: 'x-razorpay-event-id' }],
      subject: [
        { field: '/payload/refund/entity/id' },
        { field: '/payload/payment/entity/id' },
        { field: '/payload/order/entity/id' },
        { field: '/payload/subscription/entity/id' },
        { field: '/account_id' },
      ],
      time: [{ field: '/created_at' }],
    },
  },
  // https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/ : the "intent to receive" is right and
  // wrong signatures, without events. Each must be 200 or 401, without a body and cookies.
  xero: {
    schemes: [bodyHmac('x-xero-signature', 'base64')],
    mapping: {
      name: [{ field: '/events/0/eventCategory' }],
      subject: [{ field: '/events/0/resourceId' }],
      time: [{ field: '/events/0/eventDateUtc' }],
    },
    challenges: [{ when: { '/events': true, '/events/0': false }, status: 200 }],
    answer: { status: 200, body: '', emptyRefusal: true },
  },
}
