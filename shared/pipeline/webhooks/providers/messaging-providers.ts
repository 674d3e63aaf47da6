import type { Provider } from '#shared/pipeline/webhooks/provider.ts'
import type { SignedScheme } from '#shared/pipeline/webhooks/scheme.ts'

/** Mailgun signs a time and a token, in the body, and nothing else of it. */
const mailgun = (at: string): SignedScheme => ({
  algorithm: 'hmac-sha256',
  signature: { field: `${at}/signature` },
  encoding: 'hex',
  content: `{timestamp}{field:${at}/token}`,
  timestamp: { field: `${at}/timestamp`, unit: 's' },
})

/** Providers of chat, telephony and mail. */
export const messagingProviders: Readonly<Record<string, Provider>> = {
  // https://docs.slack.dev/authentication/verifying-requests-from-slack
  slack: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-slack-signature', prefix: 'v0=' },
        encoding: 'hex',
        content: 'v0:{timestamp}:{body}',
        timestamp: { header: 'x-slack-request-timestamp', unit: 's' },
      },
    ],
    mapping: {
      name: [{ field: '/event/type' }, { field: '/type' }, { value: 'slash_command', if: '/command' }],
      id: [{ field: '/event_id' }, { field: '/trigger_id' }],
      subject: [
        { field: '/event/channel' },
        { field: '/event/item/channel' },
        { field: '/channel/id' },
        { field: '/channel_id' },
        { field: '/team_id' },
      ],
      time: [{ field: '/event_time' }],
    },
    // The certificate of a command's URL is tried out from time to time (https://api.slack.com/interactivity/slash-commands).
    challenges: [
      { when: { '/type': 'url_verification' }, echo: { challenge: '/challenge' } },
      { unsigned: true, when: { '/ssl_check': '1' }, unless: '/command', status: 200 },
    ],
    // What is in the body of the answer to a command would be shown to its user.
    answer: { status: 200, body: '' },
  },
  // https://www.twilio.com/docs/usage/security : a form is signed by its fields, any other body by its digest in the URL.
  twilio: {
    schemes: [
      {
        algorithm: 'hmac-sha1',
        signature: { header: 'x-twilio-signature' },
        encoding: 'base64',
        content: '{url}{form}',
        bodyDigestInQuery: 'bodySHA256',
      },
    ],
    mapping: {
      name: [
        { field: '/EventType' },
        { value: 'message', if: '/MessageSid' },
        { value: 'call', if: '/CallSid' },
      ],
      id: [{ header: 'i-twilio-idempotency-token' }],
      subject: [{ field: '/MessageSid' }, { field: '/CallSid' }],
    },
    // https://www.twilio.com/docs/messaging/twiml#twilios-request-to-your-application : anything else is error 12300.
    answer: {
      status: 200,
      body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
      contentType: 'text/xml',
    },
  },
  // https://discord.com/developers/docs/interactions/overview : interactions try the endpoint out with type 1, webhook
  // events with type 0; there, 1 is an event.
  discord: {
    schemes: [
      {
        algorithm: 'ed25519',
        signature: { header: 'x-signature-ed25519' },
        encoding: 'hex',
        content: '{timestamp}{body}',
        timestamp: { header: 'x-signature-timestamp', unit: 's' },
      },
    ],
    mapping: {
      name: [{ field: '/event/type' }, { value: 'interaction' }],
      id: [{ field: '/id' }],
      subject: [{ field: '/channel_id' }, { field: '/application_id' }],
      time: [{ field: '/event/timestamp' }],
    },
    // https://docs.discord.com/developers/events/webhook-events#acknowledging-ping-requests : an empty answer that names a type.
    challenges: [
      { when: { '/type': 1 }, unless: '/event', reply: { type: 1 } },
      { when: { '/type': 0 }, contentType: 'application/json' },
    ],
    // https://docs.discord.com/developers/events/webhook-events#responding-to-events
    answer: { status: 204 },
  },
  // https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks : events are JSON, routes are forms.
  mailgun: {
    schemes: [mailgun('/signature'), mailgun('')],
    mapping: {
      name: [{ field: '/event-data/event' }, { field: '/event' }, { value: 'received', if: '/sender' }],
      id: [{ field: '/event-data/id' }, { field: '/Message-Id' }, { field: '/token' }],
      subject: [{ field: '/event-data/recipient' }, { field: '/recipient' }],
      time: [{ field: '/event-data/timestamp' }, { field: '/timestamp' }],
      severity: {
        from: [{ field: '/event-data/log-level' }],
        values: { error: 'high', warn: 'medium', info: 'info' },
      },
    },
    // https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhooks : 406 ends the attempts.
    answer: { status: 200, final: 406 },
  },
  // https://developers.intercom.com/docs/webhooks/setting-up-webhooks : a URL is tried out by HEAD when it is added.
  intercom: {
    schemes: [
      {
        algorithm: 'hmac-sha1',
        signature: { header: 'x-hub-signature', prefix: 'sha1=' },
        encoding: 'hex',
        content: '{body}',
      },
    ],
    mapping: {
      name: [{ field: '/topic' }],
      id: [{ field: '/id' }],
      subject: [{ field: '/data/item/id' }],
      time: [{ field: '/created_at' }],
    },
    challenges: [{ method: 'HEAD', unsigned: true, when: {}, status: 200 }],
    answer: { status: 200 },
  },
}
