import type { Provider } from '#shared/pipeline/webhooks/provider.ts'

/** Providers of social networks and messengers. */
export const socialProviders: Readonly<Record<string, Provider>> = {
  // https://developers.facebook.com/docs/graph-api/webhooks/getting-started : of WhatsApp, Messenger, Instagram and pages.
  // A delivery gathers changes and has no id; that of a message would hide what is gathered with it.
  meta: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-hub-signature-256', prefix: 'sha256=' },
        encoding: 'hex',
        content: '{body}',
      },
    ],
    mapping: {
      name: [{ field: '/object' }],
      subject: [{ field: '/entry/0/id' }],
      time: [
        { field: '/entry/0/changes/0/value/messages/0/timestamp' },
        { field: '/entry/0/messaging/0/timestamp' },
        { field: '/entry/0/time' },
      ],
    },
    challenges: [
      {
        method: 'GET',
        unsigned: true,
        when: { '?hub.mode': 'subscribe' },
        expected: '?hub.verify_token',
        refused: 403,
        text: '?hub.challenge',
      },
    ],
    answer: { status: 200 },
  },
  // https://docs.x.com/x-api/webhooks/introduction : the consumer secret signs deliveries and the answer to a challenge.
  x: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-twitter-webhooks-signature', prefix: 'sha256=' },
        encoding: 'base64',
        content: '{body}',
      },
    ],
    mapping: {
      name: [
        { value: 'tweet_create', if: '/tweet_create_events' },
        { value: 'tweet_delete', if: '/tweet_delete_events' },
        { value: 'favorite', if: '/favorite_events' },
        { value: 'follow', if: '/follow_events' },
        { value: 'direct_message', if: '/direct_message_events' },
        { value: 'user', if: '/user_event' },
        { value: 'activity' },
      ],
      subject: [{ field: '/for_user_id' }],
    },
    challenges: [
      {
        method: 'GET',
        unsigned: true,
        when: { '?crc_token': true },
        echo: {
          response_token: {
            mac: '?crc_token',
            algorithm: 'hmac-sha256',
            encoding: 'base64',
            prefix: 'sha256=',
          },
        },
      },
    ],
    answer: { status: 200 },
  },
}
