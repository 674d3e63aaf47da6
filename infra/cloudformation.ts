/** A value of a template: text, numbers, and intrinsic functions such as `{ Ref: 'Vpc' }`. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value }

/** A resource of a CloudFormation template. */
export type Resource = {
  readonly Type: string
  readonly Properties?: { readonly [name: string]: Value }
  readonly Condition?: string
  readonly DependsOn?: string | readonly string[]
  readonly DeletionPolicy?: 'Delete' | 'Retain' | 'RetainExceptOnCreate'
  readonly UpdateReplacePolicy?: 'Delete' | 'Retain'
  readonly Metadata?: { readonly [name: string]: Value }
}

/** Resources and outputs, by logical id, as `resources` of serverless.yml takes them. */
export type Template = {
  readonly Resources?: Readonly<Record<string, Resource>>
  readonly Outputs?: Readonly<Record<string, { readonly Description?: string; readonly Value: Value }>>
  /** What is changed of the resources that the framework makes of functions and events, by logical id. */
  readonly extensions?: Readonly<Record<string, Partial<Resource>>>
}

/**
 * Joins templates. Two of them may each have a part of a resource. Throws if two say something different of one resource,
 * or have an output of one name.
 */
export function joinTemplates(templates: readonly Template[]): Template {
  return {
    Resources: joinNames(
      templates.map(({ Resources = {} }) => Resources),
      joinResources,
    ),
    Outputs: joinNames(templates.map(({ Outputs = {} }) => Outputs)),
    extensions: joinNames(
      templates.map(({ extensions = {} }) => extensions),
      joinResources,
    ),
  }
}

type Join<T> = (one: T, other: T, name: string) => T

function joinNames<T>(
  parts: readonly Readonly<Record<string, T>>[],
  join: Join<T> = (_one, _other, name) => {
    throw new Error(`The template has ${name} twice.`)
  },
): Record<string, T> {
  const joined = new Map<string, T>()
  for (const [name, value] of parts.flatMap((part) => Object.entries(part))) {
    const known = joined.get(name)
    joined.set(name, known === undefined ? value : join(known, value, name))
  }
  return Object.fromEntries(joined)
}

/** Their properties are told apart by their names; of other attributes, such as the type, both must say the same. */
function joinResources<T extends Partial<Resource>>(one: T, other: T, id: string): T {
  const different = (first: object = {}, second: object = {}) =>
    Object.entries(second).filter(
      ([name, value]) =>
        name in first && JSON.stringify(first[name as keyof object]) !== JSON.stringify(value),
    )
  const { Properties: ours = {}, ...attributes } = one
  const { Properties: theirs = {}, ...others } = other
  const [conflict] = [...different(attributes, others), ...different(ours, theirs)]
  if (conflict) throw new Error(`The template has two different values of ${conflict[0]} of ${id}.`)
  return { ...one, ...other, Properties: { ...ours, ...theirs } }
}

/** The logical id that the framework gives to the part of a function (its lib/plugins/aws/lib/naming.js). */
export function functionToken(key: string): string {
  const text = key.replace(/-/g, 'Dash').replace(/_/g, 'Underscore')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** The part of a logical id that is made of a name such as that of a topic: `port-events` is `PortEvents`. */
export function nameToken(name: string): string {
  const words = name.split(/[^0-9A-Za-z]+/)
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

/** The ARN of a function, by its key in serverless.yml. */
export function functionArn(key: string): Value {
  return { 'Fn::GetAtt': [`${functionToken(key)}LambdaFunction`, 'Arn'] }
}
