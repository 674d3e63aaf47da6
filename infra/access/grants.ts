import type { TableKey } from '../storage/tables.ts'

/** What DynamoDB calls an operation on items. */
export type ItemAction =
  | 'GetItem'
  | 'BatchGetItem'
  | 'Query'
  | 'Scan'
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'BatchWriteItem'

/** Which hash keys of a table: all, or those that match a pattern, or all others. `*` in a pattern is any text. */
export type Keys = 'all' | { readonly only: readonly string[] } | { readonly except: readonly string[] }

/** Something that a function may do, in the words of this repository. `statements.ts` says it in those of IAM. */
export type Grant =
  | {
      readonly on: 'items'
      readonly table: TableKey
      readonly actions: readonly ItemAction[]
      readonly keys: Keys
    }
  /** Connects to Kafka and writes to topics: to all of the service, or to those named. */
  | { readonly on: 'kafka'; readonly may: 'write'; readonly topics?: readonly string[] }
  /**
   * Connects to Kafka. `describe` asks where topics begin and end; `inspect` looks at topics, records and groups, and
   * changes nothing; `replay` reads the topics of the stage, with groups of its own too; `create topics` makes what is missing.
   */
  | { readonly on: 'kafka'; readonly may: 'describe' | 'inspect' | 'replay' | 'create topics' }
  /** Is triggered by topics: Lambda's pollers read them with the role of the function. */
  | { readonly on: 'kafka'; readonly may: 'be triggered'; readonly group: string }
  /** Asks for the addresses of the brokers, without connecting to Kafka. */
  | { readonly on: 'cluster' }
  /** Posts to open sockets, or closes them. */
  | { readonly on: 'sockets'; readonly methods: readonly ('POST' | 'DELETE')[] }
  /** Invokes functions, by their keys in serverless.yml. */
  | { readonly on: 'functions'; readonly names: readonly string[] }
  /** Reads a secret of the stage. The local stack has none. */
  | { readonly on: 'secret'; readonly id: 'RecordSecret' | 'WebhookSecrets' }
  /** Reads and writes the files of the archive. It deletes none. */
  | { readonly on: 'archive' }
  /** Asks the user pool. */
  | { readonly on: 'users'; readonly actions: readonly string[] }
  /** Is needed in the local stack only. */
  | { readonly on: 'local'; readonly grants: readonly Grant[] }

/** Operations on the items of a table, with any hash key or with those of `keys`. */
export function items(table: TableKey, actions: readonly ItemAction[], keys: Keys = 'all'): Grant {
  return { on: 'items', table, actions, keys }
}
