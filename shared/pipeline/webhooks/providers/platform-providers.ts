import type { Provider } from '#shared/pipeline/webhooks/provider.ts'
import { standardSchemes } from './standard-providers.ts'

/** Providers of identities and platforms in the cloud. */
export const platformProviders: Readonly<Record<string, Provider>> = {
  // https://developer.okta.com/docs/concepts/event-hooks/ : the secret is the whole value of the header.
  okta: {
    schemes: [{ algorithm: 'token', header: 'authorization' }],
    mapping: {
      name: [{ field: '/data/events/0/eventType' }, { field: '/eventType' }],
      id: [{ field: '/eventId' }],
      subject: [{ field: '/data/events/0/target/0/id' }, { field: '/data/events/0/actor/id' }],
      time: [{ field: '/eventTime' }],
    },
    challenges: [
      {
        method: 'GET',
        unsigned: true,
        when: { 'x-okta-verification-challenge': true },
        echo: { verification: 'x-okta-verification-challenge' },
      },
    ],
    answer: { status: 204 },
  },
  // https://learn.microsoft.com/azure/event-grid/security-authentication : the secret is a parameter of the URL, or in a
  // header that is a delivery property. Deliveries have the schema of Event Grid, in lists, or that of CloudEvents.
  'azure-event-grid': {
    schemes: [
      { algorithm: 'token', query: 'code' },
      { algorithm: 'token', header: 'authorization', prefix: 'Bearer ' },
    ],
    mapping: {
      name: [{ field: '/0/eventType' }, { field: '/0/type' }, { field: '/eventType' }, { field: '/type' }],
      subject: [{ field: '/0/subject' }, { field: '/subject' }],
      time: [{ field: '/0/eventTime' }, { field: '/0/time' }, { field: '/eventTime' }, { field: '/time' }],
    },
    challenges: [
      {
        unsigned: true,
        when: { 'aeg-event-type': 'SubscriptionValidation' },
        echo: { validationResponse: '/0/data/validationCode' },
      },
    ],
    answer: { status: 200 },
  },
  // https://supabase.com/docs/guides/auth/auth-hooks : hooks of Auth follow Standard Webhooks; webhooks of a database have a
  // header that is set there, and a change that is made again has the same body.
  supabase: {
    schemes: [
      standardSchemes('webhook')[0],
      { algorithm: 'token', header: 'authorization', prefix: 'Bearer ' },
    ],
    mapping: {
      name: [
        { field: '/type' },
        { field: '/metadata/name' },
        { value: 'send-sms', if: '/sms' },
        { value: 'send-email', if: '/email_data' },
        { value: 'hook' },
      ],
      id: [{ header: 'webhook-id' }],
      newId: true,
      subject: [{ field: '/table' }, { field: '/user/id' }, { field: '/user_id' }],
    },
    answer: { status: 200, body: {} },
  },
}
