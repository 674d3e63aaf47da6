import type { Provider } from '#shared/pipeline/webhooks/provider.ts'
import { bodyHmac } from './body-hmac.ts'

/** What an update of Telegram has one of (https://core.telegram.org/bots/api#update). */
const TELEGRAM_UPDATES = [
  'message',
  'edited_message',
  'channel_post',
  'edited_channel_post',
  'business_connection',
  'business_message',
  'edited_business_message',
  'deleted_business_messages',
  'message_reaction',
  'message_reaction_count',
  'inline_query',
  'chosen_inline_result',
  'callback_query',
  'shipping_query',
  'pre_checkout_query',
  'purchased_paid_media',
  'poll',
  'poll_answer',
  'my_chat_member',
  'chat_member',
  'chat_join_request',
  'chat_boost',
  'removed_chat_boost',
]

/** Providers of social networks and messengers. */
export const socialProviders: Readonly<Record<string, Provider>> = {
  // https://developers.facebook.com/docs/graph-api/webhooks/getting-started : of WhatsApp, Messenger, Instagram and pages.
  // A delivery gathers changes and has no id; that of a message would hide what is gathered with it.
  meta: {
    schemes: [bodyHmac('x-hub-signature-256', 'hex', 'sha256=')],
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
    schemes: [bodyHmac('x-twitter-webhooks-signature', 'base64', 'sha256=')],
    mapping: {
      name: [
        { field: '/data/event_type' },
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
  // https://dev.twitch.tv/docs/eventsub/handling-webhook-events/ : a revocation is an event, of the subscription that ended.
  twitch: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'twitch-eventsub-message-signature', prefix: 'sha256=' },
        encoding: 'hex',
        content: '{header:twitch-eventsub-message-id}{timestamp}{body}',
        timestamp: { header: 'twitch-eventsub-message-timestamp', unit: 'iso', tolerance: 600 },
      },
    ],
    mapping: {
      name: [
        { value: 'revocation', if: 'twitch-eventsub-message-type', is: 'revocation' },
        { field: '/subscription/type' },
      ],
      id: [{ header: 'twitch-eventsub-message-id' }],
      subject: [
        { field: '/event/broadcaster_user_id' },
        { field: '/event/user_id' },
        { field: '/subscription/id' },
      ],
      time: [{ header: 'twitch-eventsub-message-timestamp' }],
    },
    challenges: [
      { when: { 'twitch-eventsub-message-type': 'webhook_callback_verification' }, text: '/challenge' },
    ],
  },
  // https://developers.line.biz/en/docs/messaging-api/receiving-messages/ : the button "Verify" sends no events.
  line: {
    schemes: [bodyHmac('x-line-signature', 'base64')],
    mapping: {
      name: [{ field: '/events/0/type' }],
      volatile: ['isRedelivery'],
      subject: [
        { field: '/events/0/source/groupId' },
        { field: '/events/0/source/roomId' },
        { field: '/events/0/source/userId' },
      ],
      time: [{ field: '/events/0/timestamp' }],
    },
    challenges: [{ when: { '/events': true, '/events/0': false }, status: 200 }],
    answer: { status: 200 },
  },
  // https://core.telegram.org/bots/api#setwebhook : the secret is its `secret_token`. A response with JSON could be a call
  // of the Bot API, so it is empty.
  telegram: {
    schemes: [{ algorithm: 'token', header: 'x-telegram-bot-api-secret-token' }],
    mapping: {
      name: TELEGRAM_UPDATES.map((update) => ({ value: update, if: `/${update}` })),
      id: [{ field: '/update_id' }],
      subject: [
        ...TELEGRAM_UPDATES.map((update) => ({ field: `/${update}/chat/id` })),
        { field: '/callback_query/message/chat/id' },
        ...TELEGRAM_UPDATES.map((update) => ({ field: `/${update}/from/id` })),
      ],
      time: TELEGRAM_UPDATES.map((update) => ({ field: `/${update}/date` })),
    },
    answer: { status: 200, body: '' },
  },
}
