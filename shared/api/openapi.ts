import { VERSION } from '#shared/core/version.ts'
import type { Domain } from '#shared/domain/define-domain.ts'
import { accountPaths } from './account-paths.ts'
import { connectionPaths } from './connection-paths.ts'
import { deadLetterPaths } from './dead-letter-paths.ts'
import { eventPaths } from './event-paths.ts'
import { otherPaths } from './other-paths.ts'
import { replayPaths } from './replay-paths.ts'
import { problemComponents } from './responses.ts'
import { withActions } from './route-actions.ts'
import { httpComponents, type Json } from './schemas.ts'
import { streamPaths } from './stream-paths.ts'
import { telemetryPaths } from './telemetry-paths.ts'

const paths: Readonly<Record<string, Json>> = {
  ...eventPaths,
  ...accountPaths,
  ...connectionPaths,
  ...streamPaths,
  ...telemetryPaths,
  ...replayPaths,
  ...deadLetterPaths,
  ...otherPaths,
}

/** Returns the HTTP interface as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0). */
export function openapiDocument(domains: readonly Domain[]): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tidewire',
      version: VERSION,
      description:
        'An event pipeline on Kafka: write CloudEvents over HTTP, follow them over a socket (see /asyncapi.json) or by polling. HEAD is taken wherever GET is; bodies may be compressed (Content-Encoding gzip, deflate or br).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }, { token: [] }],
    tags: [
      { name: 'events', description: 'Writing and reading events.' },
      { name: 'views', description: 'States that are folded from events and kept up to date.' },
      { name: 'webhooks', description: 'Events from senders that sign their requests.' },
      { name: 'sockets', description: 'Following events as they happen: see /asyncapi.json.' },
      { name: 'catalog', description: 'The event types of this deployment, and these documents.' },
      { name: 'accounts', description: 'API keys, people and their sessions.' },
      { name: 'operations', description: 'Health, dead letters, replays and connections.' },
    ],
    paths: withActions(paths, domains),
    components: {
      schemas: httpComponents(domains),
      responses: problemComponents(),
      securitySchemes: {
        apiKey: {
          type: 'apiKey',
          in: 'header',
          name: 'x-api-key',
          description: 'An API key; it is taken as a bearer token too.',
        },
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'An access token of the user pool: of people, whose groups are their roles, or of services with scopes.',
        },
      },
    },
  }
}

/** Returns the methods of a path in upper case, with HEAD where there is GET; an empty list if there is no such path. */
export function methodsOf(path: string): string[] {
  const segments = path.split('/')
  const template = Object.keys(paths).find((known) => {
    const wanted = known.split('/')
    return (
      wanted.length === segments.length &&
      wanted.every((part, index) => part === segments[index] || (part.startsWith('{') && segments[index]))
    )
  })
  const methods = Object.keys(template === undefined ? {} : (paths[template] ?? {})).map((name) =>
    name.toUpperCase(),
  )
  return methods.includes('GET') ? [...new Set([...methods, 'HEAD'])] : methods
}
