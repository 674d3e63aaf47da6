import { json, type Sample, TIME } from './sample.ts'
import type { Signer } from './signer.ts'
import { hex, hmac } from './web-crypto.ts'

/** Deliveries of identities and platforms in the cloud, and of hubs. */
export const platformSamples: readonly Sample[] = [
  {
    name: 'okta',
    source: 'okta',
    payload: json({
      eventType: 'com.okta.event_hook',
      eventId: 'b5a188b9',
      eventTime: TIME,
      data: { events: [{ eventType: 'user.lifecycle.create', target: [{ id: '00u1' }] }] },
    }),
    expected: { type: 'okta.user.lifecycle.create', subject: '00u1', id: 'b5a188b9', time: TIME },
  },
  ...['azure-event-grid', 'azure-event-grid (header)'].map((name) => ({
    name,
    source: 'azure-event-grid',
    payload: json([
      {
        id: 'e1',
        eventType: 'Microsoft.Storage.BlobCreated',
        subject: '/blobs/a.txt',
        eventTime: TIME,
        data: {},
      },
    ]),
    headers: { 'aeg-event-type': 'Notification' },
    expected: {
      type: 'azure-event-grid.Microsoft.Storage.BlobCreated',
      subject: '/blobs/a.txt',
      time: TIME,
    },
  })),
  {
    name: 'supabase',
    source: 'supabase',
    payload: json({ user: { id: 'u1' }, sms: { otp: '561166' } }),
    expected: { type: 'supabase.send-sms', subject: 'u1', id: 'msg_2b7f' },
  },
  {
    name: 'supabase (database)',
    source: 'supabase',
    payload: json({ type: 'INSERT', table: 'ships', schema: 'public', record: { id: 1 }, old_record: null }),
    expected: { type: 'supabase.INSERT', subject: 'ships', id: 'made' },
  },
  ...(['sha512', 'sha384', 'sha256', 'sha1'] as const).map((hash) => ({
    name: hash === 'sha512' ? 'websub' : `websub (${hash})`,
    source: 'websub',
    payload: () => '<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title></feed>',
    contentType: 'application/atom+xml',
    expected: { type: 'websub.content', datacontenttype: 'application/atom+xml' },
  })),
]

const bearer: Signer = async ({ secret }) => ({ headers: { authorization: `Bearer ${secret}` } })

function hub(name: string, hash: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'): Signer {
  return async ({ secret, body }) => ({
    headers: { 'x-hub-signature': `${name}=${hex(await hmac(hash, secret, body))}` },
  })
}

export const platformSigners: Readonly<Record<string, Signer>> = {
  okta: async ({ secret }) => ({ headers: { authorization: secret } }),
  'azure-event-grid': async ({ secret, url }) => ({ url: `${url}?code=${encodeURIComponent(secret)}` }),
  'azure-event-grid (header)': bearer,
  'supabase (database)': bearer,
  websub: hub('sha512', 'SHA-512'),
  'websub (sha384)': hub('sha384', 'SHA-384'),
  'websub (sha256)': hub('sha256', 'SHA-256'),
  'websub (sha1)': hub('sha1', 'SHA-1'),
}
