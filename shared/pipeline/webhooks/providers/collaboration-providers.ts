import type { Provider } from '#shared/pipeline/webhooks/provider.ts'

/** Providers of files, boards, calendars and meetings. */
export const collaborationProviders: Readonly<Record<string, Provider>> = {
  // https://www.dropbox.com/developers/reference/webhooks : a delivery names accounts with changes, and has no id.
  dropbox: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-dropbox-signature' },
        encoding: 'hex',
        content: '{body}',
      },
    ],
    mapping: {
      name: [{ value: 'changed' }],
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
}
