import type { Resource, Template, Value } from '../cloudformation.ts'
import type { Deployment } from '../deployment.ts'

type Table = {
  /** The environment variable that has the table's name. */
  readonly variable: string
  /** Whether its items follow from other ones or belong to open connections: it may be lost. */
  readonly isDerived: boolean
}

/** The tables of serverless.yml, by their keys. The resource of `log` is `LogTable`. */
export const TABLES = {
  log: { variable: 'LOG_TABLE', isDerived: false },
  claims: { variable: 'CLAIMS_TABLE', isDerived: false },
  connections: { variable: 'CONNECTIONS_TABLE', isDerived: true },
  subscriptions: { variable: 'SUBSCRIPTIONS_TABLE', isDerived: true },
  deadLetters: { variable: 'DEAD_LETTERS_TABLE', isDerived: false },
  views: { variable: 'VIEWS_TABLE', isDerived: true },
  keys: { variable: 'KEYS_TABLE', isDerived: false },
  replays: { variable: 'REPLAYS_TABLE', isDerived: false },
} as const satisfies Readonly<Record<string, Table>>

export type TableKey = keyof typeof TABLES
const TABLE_KEYS = Object.keys(TABLES) as TableKey[]

/** The logical id of a table. */
export function tableId(key: TableKey): string {
  return `${key.charAt(0).toUpperCase()}${key.slice(1)}Table`
}

/**
 * The name of a table. In the cloud CloudFormation makes the names, so that a stage can be created again beside tables
 * that were kept; only the local stack fixes them.
 */
export function tableName(key: TableKey, { isLocal, prefix }: Deployment): Value {
  return isLocal
    ? `${prefix}-${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    : { Ref: tableId(key) }
}

/** What the deployment adds to the tables of serverless.yml: their names, and how they are kept safe. */
export function tables(deployment: Deployment): Template {
  const entries = TABLE_KEYS.map((key) => [tableId(key), tableOf(key, deployment)] as const)
  return { Resources: Object.fromEntries(entries) }
}

function tableOf(key: TableKey, deployment: Deployment): Resource {
  const Type = 'AWS::DynamoDB::Table'
  if (deployment.isLocal) return { Type, Properties: { TableName: tableName(key, deployment) } }
  if (TABLES[key].isDerived) return { Type }
  return {
    Type,
    ...kept(deployment.isProtected),
    Properties: {
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: deployment.isProtected },
      DeletionProtectionEnabled: deployment.isProtected,
    },
  }
}

/**
 * What a stage keeps of itself when it is removed. A protected one keeps what it cannot make again; but what a first
 * deployment made that failed has nothing in it, and goes with it. Any other stage leaves nothing behind.
 */
export function kept(isProtected: boolean): Pick<Resource, 'DeletionPolicy' | 'UpdateReplacePolicy'> {
  return isProtected
    ? { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' }
    : { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' }
}
