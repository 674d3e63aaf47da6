import type { Service } from '../service.ts'
import { accessKeyOf } from './caller.ts'

/** Which leading keys a statement is about: null is all, and `isExcept` those that match none of the patterns. */
export type KeyPatterns = { readonly patterns: readonly string[]; readonly isExcept: boolean } | null

export type AccessStatement = {
  readonly isDeny: boolean
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  readonly keys: KeyPatterns
}

/** What the functions of a service may do, as plain JSON that can be sent to another thread. */
export type Access = {
  /** By the access key of a function. */
  readonly functions: Readonly<
    Record<
      string,
      { readonly name: string; readonly role: string; readonly statements: readonly AccessStatement[] }
    >
  >
  /** The file that calls are recorded in, or null. */
  readonly recordTo: string | null
}

type Value = unknown
type Fields = Readonly<Record<string, Value>>

/**
 * The account and the region in which the local stack says it is.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 */
export function localArn(service: string, resource: string): string {
  return `arn:aws:${service}:local:000000000000:${resource}`
}

/**
 * Reads the policies of the roles of the functions in a resolved service. References become local ARNs. Throws an error
 * of one line for a policy that the local stack cannot evaluate, and for a function without a role of its own.
 */
export function readAccess(service: Service, recordTo: string | null = null): Access {
  const { functions = {}, resources } = service
  const all = resources?.Resources ?? {}
  const entries = Object.entries(functions).map(([key, { role }]) => {
    const definition = typeof role === 'string' ? all[role] : undefined
    if (definition?.Type !== 'AWS::IAM::Role') throw new Error(`The function ${key} has no role of its own.`)
    const { Policies = [] } = definition.Properties as { readonly Policies?: readonly Fields[] }
    const statements = Policies.flatMap(
      ({ PolicyDocument }) => (PolicyDocument as { readonly Statement: readonly Fields[] }).Statement,
    )
    const read = statements.map((statement) => readStatement(statement, all, String(role)))
    return [accessKeyOf(key), { name: key, role: String(role), statements: read }] as const
  })
  return { functions: Object.fromEntries(entries), recordTo }
}

type Resources = NonNullable<NonNullable<Service['resources']>['Resources']>

function readStatement(
  { Effect, Action, Resource, Condition }: Fields,
  all: Resources,
  role: string,
): AccessStatement {
  return {
    isDeny: Effect === 'Deny',
    actions: listOf(Action).map(String),
    resources: listOf(Resource).map((value) => resolveText(value, all)),
    keys: readKeys(Condition as Fields | undefined, role),
  }
}

const listOf = (value: Value): readonly Value[] => (Array.isArray(value) ? value : [value])

/** Conditions on the leading keys are those that policies have here; with any other one the emulators would guess. */
function readKeys(condition: Fields | undefined, role: string): KeyPatterns {
  if (condition === undefined) return null
  const [[operator, tested] = ['', {}], ...others] = Object.entries(condition) as [string, Fields][]
  const [[name, patterns] = [], ...more] = Object.entries(tested)
  const isKnown =
    ['ForAllValues:StringLike', 'ForAllValues:StringNotLike'].includes(operator) &&
    name === 'dynamodb:LeadingKeys'
  if (!isKnown || others.length + more.length > 0)
    throw new Error(`The local stack cannot evaluate the condition ${JSON.stringify(condition)} of ${role}.`)
  return { patterns: listOf(patterns).map(String), isExcept: operator.endsWith('NotLike') }
}

/** What CloudFormation makes of a resource of a policy. What has no ARN here is named by its logical id. */
function resolveText(value: Value, all: Resources): string {
  if (typeof value === 'string') return value
  const [[name, argument] = []] = Object.entries(value as Fields)
  if (name === 'Ref') return String(argument)
  if (name === 'Fn::GetAtt') {
    const [id = ''] = argument as string[]
    const { Type, Properties } = all[id] ?? {}
    const { TableName } = (Properties ?? {}) as { readonly TableName?: unknown }
    if (Type === 'AWS::DynamoDB::Table') return localArn('dynamodb', `table/${TableName}`)
    if (Type === 'AWS::Cognito::UserPool') return localArn('cognito-idp', `userpool/${id}`)
    return id
  }
  if (name === 'Fn::Sub')
    return String(argument)
      .replace(/\$\{AWS::Partition\}/g, 'aws')
      .replace(/\$\{AWS::Region\}/g, 'local')
      .replace(/\$\{AWS::AccountId\}/g, '000000000000')
      .replace(/\$\{(\w+)\}/g, '$1')
  throw new Error(`The local stack cannot resolve ${JSON.stringify(value)} in a policy.`)
}
