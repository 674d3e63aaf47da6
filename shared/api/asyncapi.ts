import { MESSAGE_LIMITS, SUBSCRIPTION_LIMIT } from '#shared/core/limits.ts'
import { clientMessages, serverFrames } from '#shared/core/messages.ts'
import { VERSION } from '#shared/core/version.ts'
import type { Domain } from '#shared/domain/define-domain.ts'
import { UNCLAIMED_TOPIC } from '#shared/pipeline/catalog.ts'
import { asyncComponents, dataSchemaName, type Json, schemaRef } from './schemas.ts'

const clientNames = Object.keys(clientMessages)
const serverNames = Object.keys(serverFrames)
const messageRef = (name: string) => ({ $ref: `#/components/messages/${name}` })
const onChannel = (channel: string, name: string) => ({ $ref: `#/channels/${channel}/messages/${name}` })

/**
 * Returns the sockets and the Kafka topics as an AsyncAPI 3.0 document
 * (https://www.asyncapi.com/docs/reference/specification/v3.0.0).
 */
export function asyncapiDocument(domains: readonly Domain[]): Json {
  const topics = topicsOf(domains)
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tidewire',
      version: VERSION,
      description: 'Events pushed over a WebSocket, and the Kafka topics that they come from.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      local: {
        host: 'localhost:3001',
        protocol: 'ws',
        description: 'The local stack.',
        security: [
          { $ref: '#/components/securitySchemes/ticket' },
          { $ref: '#/components/securitySchemes/key' },
        ],
      },
      socket: {
        host: '{host}',
        protocol: 'wss',
        description: 'A deployed socket gateway.',
        variables: { host: { description: 'The gateway’s host name.' } },
        security: [{ $ref: '#/components/securitySchemes/ticket' }],
      },
      kafka: {
        host: '{brokers}',
        protocol: 'kafka',
        description: 'The Kafka cluster.',
        variables: { brokers: { default: 'localhost:9092' } },
      },
    },
    channels: { socket: socketChannel(), ...Object.fromEntries(topics.map(topicChannel)) },
    operations: { ...socketOperations(), ...Object.fromEntries(topics.flatMap(topicOperations)) },
    components: {
      schemas: asyncComponents(domains),
      messages: { ...socketMessages(), ...eventMessages(domains) },
      securitySchemes: {
        ticket: {
          type: 'httpApiKey',
          in: 'query',
          name: 'ticket',
          description: 'A ticket of POST /tickets: it opens one connection within 30 seconds.',
        },
        key: {
          type: 'httpApiKey',
          in: 'query',
          name: 'key',
          description: 'An API key. Only the local stack accepts it here.',
        },
      },
    },
  }
}

function socketChannel(): Json {
  return {
    address: '/',
    title: 'The socket',
    description: `JSON text frames. At most ${SUBSCRIPTION_LIMIT} subscriptions on a connection, and ${MESSAGE_LIMITS.allowed} messages within ten seconds.`,
    servers: [{ $ref: '#/servers/local' }, { $ref: '#/servers/socket' }],
    messages: Object.fromEntries([...clientNames, ...serverNames].map((name) => [name, messageRef(name)])),
  }
}

function socketOperations(): Json {
  const messages = (names: readonly string[]) => names.map((name) => onChannel('socket', name))
  const channel = { $ref: '#/channels/socket' }
  return {
    receiveFromClient: {
      action: 'receive',
      channel,
      messages: messages(clientNames),
      summary:
        'Messages of a client. An unknown or malformed one gets an "error", and the connection stays open.',
    },
    sendToClient: {
      action: 'send',
      channel,
      messages: messages(serverNames),
      summary: 'Messages to a client.',
    },
  }
}

function socketMessages(): Json {
  const names = [...clientNames, ...serverNames]
  return Object.fromEntries(names.map((name) => [name, { name, payload: schemaRef(name) }]))
}

type Topic = {
  readonly name: string
  readonly channels: readonly string[]
  readonly types: readonly string[]
}

/** Every topic, with the event types of its domain, because the topic depends on the category of an event. */
function topicsOf(domains: readonly Domain[]): Topic[] {
  const claimed = domains.flatMap(({ topics, events }) =>
    Object.entries(topics).map(([name, channels]) => ({ name, channels, types: Object.keys(events) })),
  )
  return [...claimed, { name: UNCLAIMED_TOPIC, channels: [], types: [] }]
}

function topicChannel({ name, channels, types }: Topic): [string, Json] {
  const carries =
    channels.length > 0
      ? `Carries ${channels.join(', ')}`
      : 'Carries every channel that no other topic carries'
  const messages = ['recordEvent', ...types].map((type) => [messageName(type), messageRef(messageName(type))])
  return [
    name,
    {
      address: name,
      description: `${carries}. The category determines the topic; a record on another topic becomes a dead letter.`,
      servers: [{ $ref: '#/servers/kafka' }],
      messages: Object.fromEntries(messages),
    },
  ]
}

function topicOperations({ name, types }: Topic): [string, Json][] {
  const messages = ['recordEvent', ...types].map((type) => onChannel(name, messageName(type)))
  const channel = { $ref: `#/channels/${name}` }
  return [
    [`send.${name}`, { action: 'send', channel, messages, summary: 'Events that were accepted over HTTP.' }],
    [
      `receive.${name}`,
      { action: 'receive', channel, messages, summary: 'Events that any producer wrote, to be delivered.' },
    ],
  ]
}

function eventMessages(domains: readonly Domain[]): Json {
  const types = domains.flatMap(({ events }) => Object.keys(events))
  const message = (type: string, payload: Json, summary: string) => [
    messageName(type),
    { name: type, contentType: 'application/cloudevents+json', summary, payload },
  ]
  const ofType = (type: string) => ({
    allOf: [
      schemaRef('recordEvent'),
      { properties: { type: { const: type }, data: schemaRef(dataSchemaName(type)) } },
    ],
  })
  return Object.fromEntries([
    message(
      'recordEvent',
      schemaRef('recordEvent'),
      'Any event, structured; binary mode with ce_ headers is supported too.',
    ),
    ...types.map((type) => message(type, ofType(type), 'An event of the catalog.')),
  ])
}

/** Dots are valid in the name of a component, but some generators cannot handle them. */
function messageName(type: string): string {
  return type.replaceAll('.', '-')
}
