import type { Value } from '../cloudformation.ts'
import type { Deployment } from '../deployment.ts'
import { kafkaSecretArn } from '../kafka.ts'
import { ARCHIVE_BUCKET } from '../storage/archive.ts'
import { type TableKey, tableId } from '../storage/tables.ts'
import type { Grant, ItemAction, Keys } from './grants.ts'
import { clusterArn, kafkaStatements } from './kafka-access.ts'
import { allow, type Statement } from './statement.ts'

type ItemGrant = Extract<Grant, { on: 'items' }>
type Of<On extends Grant['on']> = Extract<Grant, { on: On }>

/** Returns the statements of what a function may do in a stage. */
export function statementsOf(given: readonly Grant[], deployment: Deployment): Statement[] {
  const grants = given.flatMap((grant) =>
    grant.on === 'local' ? (deployment.isLocal ? grant.grants : []) : [grant],
  )
  const ofKind = <On extends Grant['on']>(on: On) =>
    grants.filter((grant): grant is Of<On> => grant.on === on)
  const { prefix, stage } = deployment
  const cluster = clusterArn(deployment)
  const connects = ofKind('kafka').length > 0
  return [
    ...itemStatements(ofKind('items')),
    ...kafkaStatements(ofKind('kafka'), deployment),
    ...(connects ? secretStatements(kafkaSecretArn(deployment)) : []),
    ...ownSecrets(
      ofKind('secret').map(({ id }) => id),
      deployment,
    ),
    ...(ofKind('cluster').length > 0 && cluster !== null
      ? [allow(['kafka:GetBootstrapBrokers'], [cluster])]
      : []),
    ...ofKind('sockets').map(({ methods }) =>
      allow(
        ['execute-api:ManageConnections'],
        methods.map((method) => arn('execute-api', `\${WebsocketsApi}/${stage}/${method}/@connections/*`)),
      ),
    ),
    ...onFunctions(
      ofKind('functions').flatMap(({ names }) => names),
      prefix,
    ),
    // Without the right to list, S3 returns 403 for an object that is not there.
    ...ofKind('archive').flatMap(() => [
      allow(['s3:ListBucket'], [{ 'Fn::GetAtt': [ARCHIVE_BUCKET, 'Arn'] }]),
      allow(['s3:GetObject', 's3:PutObject'], [{ 'Fn::Sub': `\${${ARCHIVE_BUCKET}.Arn}/*` }]),
    ]),
    ...ofKind('users').map(({ actions }) =>
      allow(
        actions.map((action) => `cognito-idp:${action}`),
        [{ 'Fn::GetAtt': ['UserPool', 'Arn'] }],
      ),
    ),
  ]
}

/** An ARN of this account and region. */
export function arn(service: string, resource: string): Value {
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${resource}` }
}

function onFunctions(names: readonly string[], prefix: string): Statement[] {
  const distinct = [...new Set(names)]
  return distinct.length === 0
    ? []
    : [
        allow(
          ['lambda:InvokeFunction'],
          distinct.map((name) => arn('lambda', `function:${prefix}-${name}`)),
        ),
      ]
}

/**
 * The statements about items. A request is allowed by one statement alone, and a batch may have keys that several grants
 * are about: so all keys of an action on a table are in one statement.
 */
function itemStatements(grants: readonly ItemGrant[]): Statement[] {
  const keysOf = new Map<string, { table: TableKey; action: ItemAction; keys: Keys }>()
  for (const { table, actions, keys } of grants)
    for (const action of actions) {
      const name = `${table} ${action}`
      const known = keysOf.get(name)
      keysOf.set(name, { table, action, keys: known ? joinKeys(known.keys, keys) : keys })
    }
  const alike = Map.groupBy(keysOf.values(), ({ table, keys }) => JSON.stringify([table, keys]))
  return [...alike.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    return allow(
      group.map(({ action }) => `dynamodb:${action}`),
      [{ 'Fn::GetAtt': [tableId(first.table), 'Arn'] }],
      conditionOf(first.keys),
    )
  })
}

/**
 * Every item that is asked for has a leading key: its hash key.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
function conditionOf(keys: Keys): Statement['Condition'] {
  if (keys === 'all') return undefined
  return 'only' in keys
    ? { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys.only } }
    : { 'ForAllValues:StringNotLike': { 'dynamodb:LeadingKeys': keys.except } }
}

function joinKeys(one: Keys, other: Keys): Keys {
  if (one === 'all' || other === 'all') return 'all'
  if ('only' in one && 'only' in other) return { only: [...new Set([...one.only, ...other.only])].sort() }
  if ('except' in one && 'except' in other)
    return { except: one.except.filter((key) => other.except.includes(key)) }
  const [except, only] =
    'except' in one ? [one.except, other] : [('except' in other && other.except) || [], one]
  const listed = 'only' in only ? only.only : []
  return { except: except.filter((key) => !listed.includes(key)) }
}

/** Secrets that the stage creates, with the key of Secrets Manager, which needs no permission of its own. */
function ownSecrets(ids: readonly string[], { isLocal }: Deployment): Statement[] {
  const distinct = [...new Set(ids)]
  return isLocal || distinct.length === 0
    ? []
    : [
        allow(
          ['secretsmanager:GetSecretValue'],
          distinct.map((id) => ({ Ref: id })),
        ),
      ]
}

/**
 * Reads one secret. Its key may be one of the account's own: MSK takes no secret with the key of Secrets Manager. Which key
 * that is, a deployment is not told; it serves only to decrypt this secret.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
function secretStatements(secret: Value | null): Statement[] {
  if (secret === null) return []
  return [
    allow(['secretsmanager:GetSecretValue'], [secret]),
    allow(['kms:Decrypt'], [arn('kms', 'key/*')], {
      StringEquals: {
        'kms:ViaService': { 'Fn::Sub': `secretsmanager.\${AWS::Region}.amazonaws.com` },
        'kms:EncryptionContext:SecretARN': secret,
      },
    }),
  ]
}
