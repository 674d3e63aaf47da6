import type { Provider } from '#shared/pipeline/webhooks/provider.ts'
import type { SignedScheme } from '#shared/pipeline/webhooks/scheme.ts'

/**
 * Names of the certificates of Amazon SNS: of most regions, of those that are opted into, and of those apart
 * (https://github.com/aws/aws-sdk-java-v2/tree/master/services-custom/sns-message-manager).
 */
const SNS_NAMES = [
  'sns.amazonaws.com',
  'sns.*.amazonaws.com',
  'sns-signing.*.amazonaws.com',
  'sns-us-gov-west-1.amazonaws.com',
  'sns.*.amazonaws.com.cn',
  'sns-*.amazonaws.com.cn',
]
const SNS_HASHES = { '1': 'rsa-sha1', '2': 'rsa-sha256' } as const
/** SNS repeats a delivery for at most an hour, with the time of its first attempt. */
const SNS_TOLERANCE = 3900

const sns = (type: string, version: keyof typeof SNS_HASHES): SignedScheme => ({
  algorithm: SNS_HASHES[version],
  signature: { field: '/Signature' },
  encoding: 'base64',
  content:
    type === 'Notification'
      ? '{lines:Message,MessageId,Subject?,Timestamp,TopicArn,Type}'
      : '{lines:Message,MessageId,SubscribeURL,Timestamp,Token,TopicArn,Type}',
  timestamp: { field: '/Timestamp', unit: 'iso', tolerance: SNS_TOLERANCE },
  certificate: {
    field: '/SigningCertURL',
    addresses: ['https://sns.*.amazonaws.com/*.pem', 'https://sns.*.amazonaws.com.cn/*.pem'],
    names: SNS_NAMES,
  },
  recipient: '/TopicArn',
  when: { '/Type': type, '/SignatureVersion': version },
})

/** PayPal tries for three days to deliver, and does not say whether it signs each attempt with its own time. */
const PAYPAL_TOLERANCE = 260_000

/** Providers that sign with a key that they publish. */
export const publishedKeyProviders: Readonly<Record<string, Provider>> = {
  // https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html : every topic of every account is signed
  // with the same keys, so the topic is what counts.
  sns: {
    schemes: ['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation'].flatMap((type) => [
      sns(type, '2'),
      sns(type, '1'),
    ]),
    mapping: {
      name: [{ field: '/Type' }],
      id: [{ field: '/MessageId' }],
      subject: [{ field: '/TopicArn' }],
      time: [{ field: '/Timestamp' }],
    },
    // https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html
    challenges: [
      {
        when: { '/Type': 'SubscriptionConfirmation' },
        visits: {
          at: '/SubscribeURL',
          addresses: ['https://sns.*.amazonaws.com/', 'https://sns.*.amazonaws.com.cn/'],
        },
        status: 200,
      },
    ],
  },
  // https://developer.paypal.com/api/rest/webhooks/rest/#link-selfverificationmethod
  paypal: {
    schemes: [
      {
        algorithm: 'rsa-sha256',
        signature: { header: 'paypal-transmission-sig' },
        encoding: 'base64',
        content: '{header:paypal-transmission-id}|{timestamp}|{secret}|{body-crc32}',
        timestamp: { header: 'paypal-transmission-time', unit: 'iso', tolerance: PAYPAL_TOLERANCE },
        certificate: {
          header: 'paypal-cert-url',
          addresses: [
            'https://api.paypal.com/v1/notifications/certs/*',
            'https://api.sandbox.paypal.com/v1/notifications/certs/*',
          ],
        },
      },
    ],
    mapping: {
      name: [{ field: '/event_type' }],
      id: [{ field: '/id' }],
      subject: [{ field: '/resource/id' }],
      time: [{ field: '/create_time' }],
    },
  },
  // https://plaid.com/docs/api/webhooks/webhook-verification/ : its keys are at an address that asks for a secret of the
  // account, so an operator gets them there. Two deliveries may have the same body; their tokens differ.
  plaid: {
    schemes: [
      {
        algorithm: 'jwt',
        header: 'plaid-verification',
        signing: 'ES256',
        bodyDigest: 'request_body_sha256',
        tolerance: 300,
      },
    ],
    mapping: {
      name: [{ field: '/webhook_code' }],
      id: [{ header: 'plaid-verification' }],
      subject: [{ field: '/item_id' }, { field: '/link_session_id' }, { field: '/transfer_id' }],
    },
    answer: { status: 200 },
  },
  // https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions : a token of the subscription's service account. It
  // does not sign the message.
  pubsub: {
    schemes: [
      {
        algorithm: 'jwt',
        header: 'authorization',
        prefix: 'Bearer ',
        signing: 'RS256',
        keys: 'https://www.googleapis.com/oauth2/v3/certs',
        secretClaim: 'email',
        issuers: ['https://accounts.google.com', 'accounts.google.com'],
      },
    ],
    mapping: {
      name: [{ value: 'message' }],
      id: [{ field: '/message/messageId' }],
      subject: [{ field: '/subscription' }],
      time: [{ field: '/message/publishTime' }],
    },
    answer: { status: 204 },
  },
  // https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features : a
  // delivery is a list of events. It is repeated for 24 hours.
  sendgrid: {
    schemes: [
      {
        algorithm: 'ecdsa-sha256',
        signature: { header: 'x-twilio-email-event-webhook-signature' },
        encoding: 'base64',
        content: '{timestamp}{body}',
        timestamp: { header: 'x-twilio-email-event-webhook-timestamp', unit: 's', tolerance: 90_000 },
      },
    ],
    mapping: {
      name: [{ field: '/0/event' }],
      subject: [{ field: '/0/sg_message_id' }],
      time: [{ field: '/0/timestamp' }],
    },
  },
}
