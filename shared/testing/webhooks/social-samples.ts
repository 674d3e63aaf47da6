import { json, type Sample } from './sample.ts'
import { bodySigner, type Signer } from './signer.ts'
import { base64, hex } from './web-crypto.ts'

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
]

export const socialSigners: Readonly<Record<string, Signer>> = {
  meta: bodySigner('x-hub-signature-256', 'sha256=', hex),
  x: bodySigner('x-twitter-webhooks-signature', 'sha256=', base64),
}
