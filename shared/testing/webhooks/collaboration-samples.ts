import { json, type Sample } from './sample.ts'
import { bodySigner, type Signer } from './signer.ts'
import { base64, hex, hmac } from './web-crypto.ts'

/** Deliveries of files, boards, calendars and meetings. */
export const collaborationSamples: readonly Sample[] = [
  {
    name: 'dropbox',
    source: 'dropbox',
    payload: json({ list_folder: { accounts: ['dbid:AAH4f99', 'dbid:AAH4f98'] }, delta: { users: [1] } }),
    expected: { type: 'dropbox.changed', subject: 'dbid:AAH4f99' },
  },
  {
    name: 'trello',
    source: 'trello',
    payload: json({
      action: {
        id: '51f9424bcd6e040f3c002412',
        type: 'updateCard',
        date: '2026-11-21T08:00:00.123Z',
        data: { card: { id: 'c1' }, board: { id: 'b1' } },
      },
      model: { id: 'b1' },
    }),
    expected: {
      type: 'trello.updateCard',
      subject: 'c1',
      id: '51f9424bcd6e040f3c002412',
      time: '2026-11-21T08:00:00.123Z',
    },
  },
]

export const collaborationSigners: Readonly<Record<string, Signer>> = {
  dropbox: bodySigner('x-dropbox-signature', '', hex),
  trello: async ({ secret, body, url }) => ({
    headers: { 'x-trello-webhook': base64(await hmac('SHA-1', secret, body + url)) },
  }),
}
