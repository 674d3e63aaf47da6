import { json, type Sample, TIME } from './sample.ts'
import { bodySigner, type Signer, seconds } from './signer.ts'
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
  {
    name: 'asana',
    source: 'asana',
    payload: json({
      events: [
        {
          action: 'changed',
          created_at: '2026-11-21T08:00:00.000Z',
          resource: { gid: '1337', resource_type: 'task' },
        },
      ],
    }),
    expected: { type: 'asana.changed', subject: '1337', time: '2026-11-21T08:00:00.000Z' },
  },
  {
    name: 'box',
    source: 'box',
    payload: json({
      type: 'webhook_event',
      id: 'e1',
      trigger: 'FILE.UPLOADED',
      created_at: '2026-11-21T00:00:00-08:00',
      source: { id: '1234567890', type: 'file' },
    }),
    headers: { 'box-delivery-id': 'f96bb54b-ee16-4fc5-aa65-8c2d9e5b546f', 'box-signature-version': '1' },
    expected: {
      type: 'box.FILE.UPLOADED',
      subject: '1234567890',
      id: 'f96bb54b-ee16-4fc5-aa65-8c2d9e5b546f',
      time: '2026-11-21T00:00:00-08:00',
    },
  },
  {
    name: 'calendly',
    source: 'calendly',
    payload: json({
      event: 'invitee.created',
      created_at: TIME,
      payload: { uri: 'https://api.calendly.com/scheduled_events/a/invitees/b' },
    }),
    expected: {
      type: 'calendly.invitee.created',
      subject: 'https://api.calendly.com/scheduled_events/a/invitees/b',
      time: TIME,
    },
  },
  {
    name: 'zoom',
    source: 'zoom',
    payload: json({ event: 'meeting.started', event_ts: 1795248000123, payload: { object: { id: '83' } } }),
    expected: { type: 'zoom.meeting.started', subject: '83', time: '2026-11-21T08:00:00.123Z' },
  },
  {
    name: 'monday',
    source: 'monday',
    payload: json({
      event: { type: 'update_column_value', triggerUuid: 'b5ed2e17', triggerTime: TIME, pulseId: 1772099344 },
    }),
    expected: { type: 'monday.update_column_value', subject: '1772099344', id: 'b5ed2e17', time: TIME },
  },
  {
    name: 'microsoft-graph',
    source: 'microsoft-graph',
    payload: json({
      value: [{ changeType: 'updated', resource: 'Users/1/Messages/2' }, { changeType: 'created' }],
    }),
    expected: { type: 'microsoft-graph.updated', subject: 'Users/1/Messages/2', id: 'made' },
  },
]

export const collaborationSigners: Readonly<Record<string, Signer>> = {
  dropbox: bodySigner('x-dropbox-signature', '', hex),
  trello: async ({ secret, body, url }) => ({
    headers: { 'x-trello-webhook': base64(await hmac('SHA-1', secret, body + url)) },
  }),
  asana: bodySigner('x-hook-signature', '', hex),
  box: async ({ secret, body, at }) => {
    const sign = async (key: string) => base64(await hmac('SHA-256', key, body + at.toISOString()))
    return {
      headers: {
        'box-delivery-timestamp': at.toISOString(),
        'box-signature-primary': await sign(secret),
        'box-signature-secondary': await sign(`${secret}-that-is-new`),
      },
    }
  },
  calendly: async ({ secret, body, at }) => {
    const v1 = hex(await hmac('SHA-256', secret, `${seconds(at)}.${body}`))
    return { headers: { 'calendly-webhook-signature': `t=${seconds(at)},v1=${v1}` } }
  },
  zoom: async ({ secret, body, at }) => {
    const v0 = hex(await hmac('SHA-256', secret, `v0:${seconds(at)}:${body}`))
    return { headers: { 'x-zm-request-timestamp': seconds(at), 'x-zm-signature': `v0=${v0}` } }
  },
  monday: async ({ secret, url, at }) => {
    const iat = Number(seconds(at))
    const input = [
      { alg: 'HS256', typ: 'JWT' },
      { accountId: 1, aud: url, iat, exp: iat + 300 },
    ]
      .map((part) => base64Url(new TextEncoder().encode(JSON.stringify(part))))
      .join('.')
    return { headers: { authorization: `${input}.${base64Url(await hmac('SHA-256', secret, input))}` } }
  },
  'microsoft-graph': async ({ secret, body }) => {
    const { value } = JSON.parse(body) as { value: object[] }
    return { body: JSON.stringify({ value: value.map((change) => ({ ...change, clientState: secret })) }) }
  },
}

function base64Url(bytes: Uint8Array): string {
  return base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
