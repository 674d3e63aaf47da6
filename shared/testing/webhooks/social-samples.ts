import { json, type Sample } from './sample.ts'
import { bodySigner, type Signer } from './signer.ts'
import { base64, hex, hmac } from './web-crypto.ts'

/** Deliveries of social networks and messengers. */
export const socialSamples: readonly Sample[] = [
  {
    name: 'meta',
    source: 'meta',
    payload: json({
      object: 'whatsapp_business_account',
      entry: [
        {
          id: '102290129340398',
          changes: [
            {
              field: 'messages',
              value: {
                messages: [
                  { id: 'wamid.HBgL', timestamp: '1795248000', type: 'text', text: { body: 'äöü' } },
                ],
              },
            },
          ],
        },
      ],
    }),
    expected: {
      type: 'meta.whatsapp_business_account',
      subject: '102290129340398',
      time: '2026-11-21T08:00:00.000Z',
    },
  },
  {
    name: 'x',
    source: 'x',
    payload: json({ for_user_id: '2244994945', tweet_create_events: [{ id_str: '1' }] }),
    expected: { type: 'x.tweet_create', subject: '2244994945' },
  },
  {
    name: 'twitch',
    source: 'twitch',
    payload: json({
      subscription: { id: 's1', type: 'channel.follow', status: 'enabled' },
      event: { user_id: '1234', broadcaster_user_id: '1337' },
    }),
    headers: { 'twitch-eventsub-message-type': 'notification' },
    expected: { type: 'twitch.channel.follow', subject: '1337', id: 'befa7b53-d79d-478f-86b9-120f112b044e' },
  },
  {
    name: 'line',
    source: 'line',
    payload: json({
      destination: 'U1',
      events: [
        {
          type: 'message',
          webhookEventId: '01FZ74A0TDDPYRVKNK77XKC3ZR',
          timestamp: 1795248000123,
          deliveryContext: { isRedelivery: false },
          source: { type: 'group', groupId: 'C1', userId: 'U2' },
        },
      ],
    }),
    expected: { type: 'line.message', subject: 'C1', time: '2026-11-21T08:00:00.123Z' },
  },
  {
    name: 'telegram',
    source: 'telegram',
    payload: json({ update_id: 10000, message: { date: 1795248000, chat: { id: -100 }, text: 'hi' } }),
    expected: { type: 'telegram.message', subject: '-100', id: '10000', time: '2026-11-21T08:00:00.000Z' },
  },
]

export const socialSigners: Readonly<Record<string, Signer>> = {
  meta: bodySigner('x-hub-signature-256', 'sha256=', hex),
  x: bodySigner('x-twitter-webhooks-signature', 'sha256=', base64),
  twitch: async ({ secret, body, at }) => {
    const id = 'befa7b53-d79d-478f-86b9-120f112b044e'
    // In nanoseconds, as Twitch sends it.
    const time = at.toISOString().replace('Z', '634626Z')
    return {
      headers: {
        'twitch-eventsub-message-id': id,
        'twitch-eventsub-message-timestamp': time,
        'twitch-eventsub-message-signature': `sha256=${hex(await hmac('SHA-256', secret, id + time + body))}`,
      },
    }
  },
  line: bodySigner('x-line-signature', '', base64),
  telegram: async ({ secret }) => ({ headers: { 'x-telegram-bot-api-secret-token': secret } }),
}
