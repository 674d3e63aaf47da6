import type { Provider } from '#shared/pipeline/webhooks/provider.ts'
import type { SignedScheme } from '#shared/pipeline/webhooks/scheme.ts'
import { bodyHmac } from './body-hmac.ts'

function boxSignature(header: string): SignedScheme {
  return {
    algorithm: 'hmac-sha256',
    signature: { header },
    encoding: 'base64',
    content: '{body}{timestamp}',
    timestamp: { header: 'box-delivery-timestamp', unit: 'iso', tolerance: 600 },
  }
}

/** Providers of files, boards, calendars and meetings. */
export const collaborationProviders: Readonly<Record<string, Provider>> = {
  // https://www.dropbox.com/developers/reference/webhooks : a delivery names accounts with changes, and has no id.
  dropbox: {
    schemes: [bodyHmac('x-dropbox-signature', 'hex')],
    mapping: {
      name: [{ value: 'changed' }],
      newId: true,
      subject: [{ field: '/list_folder/accounts/0' }],
    },
    challenges: [{ method: 'GET', unsigned: true, when: { '?challenge': true }, text: '?challenge' }],
  },
  // https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/ : the URL is the one that it was created with.
  trello: {
    schemes: [
      {
        algorithm: 'hmac-sha1',
        signature: { header: 'x-trello-webhook' },
        encoding: 'base64',
        content: '{body}{url}',
      },
    ],
    mapping: {
      name: [{ field: '/action/type' }],
      id: [{ field: '/action/id' }],
      subject: [
        { field: '/action/data/card/id' },
        { field: '/action/data/board/id' },
        { field: '/model/id' },
      ],
      time: [{ field: '/action/date' }],
    },
    challenges: [{ method: 'HEAD', unsigned: true, when: {}, status: 200 }],
    // Only 200 is a success, and 410 ends the webhook.
    answer: { status: 200 },
  },
  // https://developers.asana.com/docs/webhooks-guide : the handshake brings the secret of this webhook, which is kept if the
  // address that Asana was given has the verify token. A delivery without events is a heartbeat.
  asana: {
    schemes: [bodyHmac('x-hook-signature', 'hex')],
    mapping: {
      name: [{ field: '/events/0/action' }],
      subject: [{ field: '/events/0/resource/gid' }],
      time: [{ field: '/events/0/created_at' }],
    },
    challenges: [
      {
        unsigned: true,
        when: { 'x-hook-secret': true, '?verify': true },
        expected: '?verify',
        keeps: 'x-hook-secret',
        headers: { 'x-hook-secret': 'x-hook-secret' },
        status: 200,
      },
      {
        unsigned: true,
        when: { 'x-hook-secret': true },
        headers: { 'x-hook-secret': 'x-hook-secret' },
        status: 200,
      },
      { when: { '/events': true, '/events/0': false }, status: 200 },
    ],
  },
  // https://developer.box.com/guides/webhooks/v2/signatures-v2 : one of the two signatures is enough, so that keys can be
  // rotated; ten minutes are what Box advises.
  box: {
    schemes: [boxSignature('box-signature-primary'), boxSignature('box-signature-secondary')],
    mapping: {
      name: [{ field: '/trigger' }],
      id: [{ header: 'box-delivery-id' }, { field: '/id' }],
      subject: [{ field: '/source/id' }],
      time: [{ field: '/created_at' }],
    },
  },
  // https://developer.calendly.com/api-docs/ZG9jOjM2MzE2MDM4-webhook-signatures
  calendly: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'calendly-webhook-signature', pairs: { separator: ',', key: 'v1' } },
        encoding: 'hex',
        content: '{timestamp}.{body}',
        timestamp: { pair: 't', unit: 's' },
      },
    ],
    mapping: {
      name: [{ field: '/event' }],
      subject: [{ field: '/payload/uri' }],
      time: [{ field: '/created_at' }],
    },
  },
  // https://developers.zoom.us/docs/api/webhooks/ : Zoom tests the endpoint again every 72 hours.
  zoom: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-zm-signature', prefix: 'v0=' },
        encoding: 'hex',
        content: 'v0:{timestamp}:{body}',
        timestamp: { header: 'x-zm-request-timestamp', unit: 's' },
      },
    ],
    mapping: {
      name: [{ field: '/event' }],
      subject: [{ field: '/payload/object/id' }, { field: '/payload/object/uuid' }],
      time: [{ field: '/event_ts' }],
    },
    challenges: [
      {
        when: { '/event': 'endpoint.url_validation' },
        echo: {
          plainToken: '/payload/plainToken',
          encryptedToken: { mac: '/payload/plainToken', algorithm: 'hmac-sha256', encoding: 'hex' },
        },
      },
    ],
    answer: { status: 200 },
  },
  // https://developer.monday.com/apps/docs/integration-authorization : the token says who sends, and nothing of the body.
  monday: {
    schemes: [
      { algorithm: 'jwt', header: 'authorization', signing: 'HS256' },
      { algorithm: 'jwt', header: 'authorization', prefix: 'Bearer ', signing: 'HS256' },
    ],
    mapping: {
      name: [{ field: '/event/type' }],
      id: [{ field: '/event/triggerUuid' }],
      subject: [{ field: '/event/pulseId' }, { field: '/event/itemId' }, { field: '/event/boardId' }],
      time: [{ field: '/event/triggerTime' }],
    },
    challenges: [
      { unsigned: true, when: { '/challenge': true }, unless: '/event', echo: { challenge: '/challenge' } },
    ],
    answer: { status: 200 },
  },
  // https://learn.microsoft.com/graph/change-notifications-delivery-webhooks : the secret is the `clientState` of the
  // subscription. Two changes of one resource can have the same body.
  'microsoft-graph': {
    schemes: [{ algorithm: 'token', field: '/value/*/clientState' }],
    mapping: {
      name: [{ field: '/value/0/lifecycleEvent' }, { field: '/value/0/changeType' }],
      newId: true,
      subject: [{ field: '/value/0/resource' }, { field: '/value/0/subscriptionId' }],
    },
    challenges: [{ unsigned: true, when: { '?validationToken': true }, text: '?validationToken' }],
  },
}
