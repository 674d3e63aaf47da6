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

/** Joins templates. Throws if two of them have a resource of one logical id. */
export function joinTemplates(templates: readonly Template[]): Template {
  return {
    Resources: joinNames(templates.map(({ Resources = {} }) => Resources)),
    Outputs: joinNames(templates.map(({ Outputs = {} }) => Outputs)),
    extensions: joinNames(templates.map(({ extensions = {} }) => extensions)),
  }
}

function joinNames<T>(parts: readonly Readonly<Record<string, T>>[]): Record<string, T> {
  const entries = parts.flatMap((part) => Object.entries(part))
  const twice = entries.find(([name], index) => entries.findIndex(([other]) => other === name) !== index)
  if (twice) throw new Error(`The template has ${twice[0]} twice.`)
  return Object.fromEntries(entries)
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
