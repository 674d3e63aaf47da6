import { AUDIT_TOPIC } from '#shared/core/audit.ts'
import { UNCLAIMED_TOPIC } from '#shared/pipeline/catalog.ts'
import { type Grant, items } from './grants.ts'

// What each function may do. A name below is what a store or a composer needs of the tables: shared/adapters/dynamodb says
// at the beginning of each store which keys its items have. The local stack refuses what is not granted here, and
// `npm run test:grants` tells what is granted and not used (docs/security.md).

/** Items of the connections table that functions with connections must not change: nobody may undo a revocation. */
const NOT_OF_CONNECTIONS = { except: ['revoked', 'ticket#*'] } as const

/** Who sends a request: the key by its secret, its last use, the keys of the issuer of tokens, and what was revoked. */
const IDENTIFIES: readonly Grant[] = [
  items('keys', ['GetItem'], { only: ['issuer', 'key', 'secret#*'] }),
  items('keys', ['UpdateItem'], { only: ['used'] }),
  items('connections', ['BatchGetItem', 'Query'], { only: ['revoked'] }),
]
/** What was revoked, alone. */
const KNOWS_REVOKED: readonly Grant[] = [
  items('connections', ['BatchGetItem', 'Query'], { only: ['revoked'] }),
]
/** Counts requests of a principal or an address. */
const LIMITS: readonly Grant[] = [items('connections', ['UpdateItem'], { only: ['rate#*'] })]
/** Which key owns a source. */
const KNOWS_SOURCES: readonly Grant[] = [items('keys', ['GetItem'], { only: ['source'] })]
/** Writes the report of its instance while somebody reads reports. */
const REPORTS: readonly Grant[] = [items('connections', ['BatchGetItem', 'PutItem'], { only: ['report'] })]
/** Signs the records that it writes, and knows those of other functions by their signatures. */
const SIGNS: readonly Grant[] = [{ on: 'secret', id: 'RecordSecret' }]
/** Writes records to Kafka: to all topics of the service, or to those named. */
const writes = (...topics: readonly string[]): readonly Grant[] => [
  ...SIGNS,
  { on: 'kafka', may: 'write', ...(topics.length > 0 && { topics }) },
]
/** Takes a lease on an event that it writes, claims it, and releases the lease if the write failed. */
const LEASES: readonly Grant[] = [items('claims', ['GetItem', 'PutItem', 'DeleteItem'])]
/** Hands entries of the audit trail to the function that writes them. */
const AUDITS: readonly Grant[] = [{ on: 'functions', names: ['audit'] }]
/** Claims what it reads from Kafka, and keeps claims that would end before their events. */
const CLAIMS: readonly Grant[] = [
  items('claims', ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'BatchWriteItem']),
]
/** The epoch and the heads of a topic. Who asks first begins the epoch. */
const KNOWS_HEADS: readonly Grant[] = [items('log', ['Query', 'GetItem', 'PutItem'], { only: ['heads#*'] })]
/** Stored events of any topic, and heads. */
const READS_LOG: readonly Grant[] = [...KNOWS_HEADS, items('log', ['Query', 'BatchGetItem'])]
/** Ends an epoch when a topic was created again. */
const RENEWS_EPOCHS: readonly Grant[] = [items('log', ['UpdateItem'], { only: ['heads#*'] })]
/** Reads which events were erased. */
const KNOWS_ERASED: readonly Grant[] = [items('log', ['Query'], { only: ['erased#*'] })]
/** Erases a stored event, after a mark. */
const ERASES: readonly Grant[] = [
  items('log', ['PutItem'], { only: ['erased#*'] }),
  items('log', ['GetItem', 'UpdateItem']),
]
const READS_LETTERS: readonly Grant[] = [items('deadLetters', ['GetItem'])]
const LISTS_LETTERS: readonly Grant[] = [...READS_LETTERS, items('deadLetters', ['Query'])]
/** Puts records aside, and notes at which it fails. */
const WRITES_LETTERS: readonly Grant[] = [
  items('deadLetters', ['GetItem', 'PutItem', 'UpdateItem']),
  items('deadLetters', ['DeleteItem'], { only: ['*@trials'] }),
]
/** Subscriptions under a pattern; deletes expired ones that it meets. */
const MATCHES: readonly Grant[] = [items('subscriptions', ['BatchGetItem', 'Query', 'DeleteItem'])]
/** Asks for the statistics to be announced, if somebody is subscribed to them. */
const REQUESTS_STATS: readonly Grant[] = [
  ...MATCHES,
  items('claims', ['GetItem', 'PutItem'], { only: ['slot'] }),
  { on: 'functions', names: ['stats'] },
]
/** Forgets a connection with its subscriptions. */
const REMOVES_CONNECTIONS: readonly Grant[] = [
  items('connections', ['Query', 'DeleteItem', 'BatchWriteItem'], NOT_OF_CONNECTIONS),
  items('connections', ['UpdateItem'], { only: ['count#connections', 'principal#*'] }),
  items('subscriptions', ['BatchWriteItem', 'UpdateItem', 'PutItem']),
]
const READS_VIEWS: readonly Grant[] = [items('views', ['Query'])]
const CREATES_REPLAYS: readonly Grant[] = [
  items('replays', ['GetItem', 'Query', 'PutItem', 'BatchWriteItem', 'DeleteItem']),
]
/** Works on replays: takes a lease, saves checkpoints. */
const WORKS_ON_REPLAYS: readonly Grant[] = [
  items('replays', ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'DeleteItem']),
]

/** The access of each function, by its key in serverless.yml. The shards of `deliver` share that of the first. */
export const FUNCTION_ACCESS = {
  write: [
    ...IDENTIFIES,
    ...LIMITS,
    ...REPORTS,
    ...KNOWS_SOURCES,
    ...writes(),
    ...LEASES,
    items('claims', ['BatchGetItem']),
  ],
  webhooks: [
    ...LIMITS,
    ...REPORTS,
    ...KNOWS_SOURCES,
    ...writes(),
    ...LEASES,
    { on: 'secret', id: 'WebhookSecrets' },
    // What senders publish, and what of it is to be fetched.
    items('keys', ['GetItem'], { only: ['sender'] }),
    items('keys', ['PutItem'], { only: ['sender-wanted'] }),
    // Secrets that senders made for themselves, and sent in a handshake.
    items('keys', ['Query', 'PutItem'], { only: ['handshake'] }),
  ],
  command: [
    ...IDENTIFIES,
    ...LIMITS,
    ...REPORTS,
    ...writes(),
    ...LEASES,
    ...READS_LOG,
    ...ERASES,
    ...READS_VIEWS,
    { on: 'kafka', may: 'describe' },
    items('claims', ['BatchGetItem', 'Query']),
    items('views', ['BatchGetItem']),
    items('deadLetters', ['UpdateItem']),
    // Whether an event can be assigned to somebody.
    items('keys', ['GetItem'], { only: ['person'] }),
  ],
  read: [
    ...IDENTIFIES,
    ...LIMITS,
    ...REPORTS,
    ...AUDITS,
    ...READS_LOG,
    ...READS_VIEWS,
    ...LISTS_LETTERS,
    ...REMOVES_CONNECTIONS,
    items('claims', ['BatchGetItem', 'Query']),
    items('views', ['BatchGetItem']),
    items('connections', ['GetItem'], NOT_OF_CONNECTIONS),
    items('connections', ['Query'], { only: ['report'] }),
    items('connections', ['PutItem'], { only: ['ticket#*'] }),
    { on: 'sockets', methods: ['POST', 'DELETE'] },
  ],
  streams: [
    ...IDENTIFIES,
    ...LIMITS,
    ...writes(AUDIT_TOPIC),
    ...KNOWS_HEADS,
    ...KNOWS_ERASED,
    items('claims', ['BatchGetItem']),
    { on: 'kafka', may: 'inspect' },
  ],
  stats: [
    ...writes(UNCLAIMED_TOPIC),
    ...LEASES,
    ...KNOWS_HEADS,
    ...READS_VIEWS,
    items('connections', ['Query'], { only: ['count#connections'] }),
  ],
  audit: [...writes(AUDIT_TOPIC), ...LEASES],
  accounts: [
    ...IDENTIFIES,
    ...LIMITS,
    ...AUDITS,
    items('keys', ['GetItem', 'Query', 'PutItem', 'DeleteItem']),
    items('connections', ['GetItem', 'PutItem', 'UpdateItem'], { only: ['revoked'] }),
    { on: 'users', actions: ['ListUsersInGroup', 'AdminUserGlobalSignOut'] },
  ],
  'signing-keys': [
    items('keys', ['PutItem'], { only: ['issuer', 'sender'] }),
    items('keys', ['Query', 'DeleteItem'], { only: ['sender-wanted'] }),
  ],
  people: [
    { on: 'users', actions: ['ListUsersInGroup'] },
    items('keys', ['Query', 'BatchWriteItem'], { only: ['person'] }),
  ],
  standing: [...AUDITS, items('connections', ['GetItem', 'PutItem', 'UpdateItem'], { only: ['revoked'] })],
  replays: [
    ...IDENTIFIES,
    ...LIMITS,
    ...AUDITS,
    ...READS_LOG,
    ...LISTS_LETTERS,
    ...CREATES_REPLAYS,
    { on: 'functions', names: ['replay-records', 'replay-events'] },
  ],
  'replay-records': [
    ...writes(),
    ...CLAIMS,
    ...READS_LOG,
    ...RENEWS_EPOCHS,
    ...KNOWS_ERASED,
    ...WORKS_ON_REPLAYS,
    ...READS_LETTERS,
    items('deadLetters', ['PutItem', 'UpdateItem']),
    items('views', ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'BatchWriteItem']),
    // To rebuild views it looks through the table for the parts of a stream.
    items('views', ['Scan']),
    { on: 'kafka', may: 'replay' },
  ],
  'replay-events': [
    ...AUDITS,
    ...READS_LOG,
    ...WORKS_ON_REPLAYS,
    items('connections', ['GetItem'], NOT_OF_CONNECTIONS),
    { on: 'sockets', methods: ['POST'] },
  ],
  health: [...LIMITS, ...KNOWS_HEADS, items('keys', ['GetItem'], { only: ['issuer', 'person'] })],
  connect: [
    ...LIMITS,
    ...AUDITS,
    ...KNOWS_REVOKED,
    ...REQUESTS_STATS,
    items('connections', ['DeleteItem'], { only: ['ticket#*'] }),
    items('connections', ['GetItem'], { only: ['principal#*'] }),
    items('connections', ['UpdateItem'], { only: ['count#connections', 'principal#*'] }),
    items('connections', ['PutItem'], NOT_OF_CONNECTIONS),
    // Only the local stack takes a key in the URL of a socket.
    { on: 'local', grants: IDENTIFIES },
  ],
  disconnect: [...REQUESTS_STATS, ...REMOVES_CONNECTIONS],
  message: [
    ...IDENTIFIES,
    ...LIMITS,
    ...AUDITS,
    ...READS_LOG,
    ...REQUESTS_STATS,
    ...REMOVES_CONNECTIONS,
    items('connections', ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem'], NOT_OF_CONNECTIONS),
    { on: 'sockets', methods: ['POST', 'DELETE'] },
  ],
  deliver: [
    ...SIGNS,
    ...REPORTS,
    ...KNOWS_REVOKED,
    ...CLAIMS,
    ...READS_LOG,
    ...RENEWS_EPOCHS,
    ...ERASES,
    items('log', ['BatchWriteItem']),
    ...WRITES_LETTERS,
    ...REQUESTS_STATS,
    ...REMOVES_CONNECTIONS,
    items('connections', ['GetItem', 'UpdateItem'], NOT_OF_CONNECTIONS),
    { on: 'sockets', methods: ['POST', 'DELETE'] },
    { on: 'kafka', may: 'be triggered', group: 'deliver' },
  ],
  fold: [
    ...writes(),
    ...REPORTS,
    ...CLAIMS,
    ...READS_LOG,
    ...RENEWS_EPOCHS,
    ...KNOWS_ERASED,
    ...WRITES_LETTERS,
    items('views', ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem']),
    { on: 'kafka', may: 'be triggered', group: 'fold' },
  ],
  archive: [
    ...SIGNS,
    items('claims', ['BatchGetItem']),
    { on: 'archive' },
    { on: 'kafka', may: 'be triggered', group: 'archive' },
  ],
  'kafka-brokers': [{ on: 'cluster' }],
  'kafka-topics': [{ on: 'kafka', may: 'create topics' }],
} as const satisfies Readonly<Record<string, readonly Grant[]>>

/** The functions that have a role. */
export type FunctionKey = keyof typeof FUNCTION_ACCESS
