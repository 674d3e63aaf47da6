/** The subset of JSON Schema (https://json-schema.org/draft/2020-12) that the events of the catalog use. */
export type JsonSchema = {
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly anyOf?: readonly JsonSchema[]
}

/** Messages by JSON pointer. */
export type Faults = Readonly<Record<string, string>>

/**
 * Returns what is wrong with a value: required, type, enum, lengths, limits and pattern, at every depth. Other keywords
 * are ignored: the server validates again.
 */
export function findFaults(schema: JsonSchema, value: unknown, pointer = ''): Faults {
  const fault = faultOf(schema, value)
  if (fault !== null) return { [pointer]: fault }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  const members = value as Readonly<Record<string, unknown>>
  const missing = (schema.required ?? [])
    .filter((name) => members[name] === undefined)
    .map((name) => [`${pointer}/${name}`, 'This is required.'])
  const within = Object.entries(schema.properties ?? {})
    .filter(([name]) => members[name] !== undefined)
    .map(([name, member]) => findFaults(member, members[name], `${pointer}/${name}`))
  return Object.assign({}, ...within, Object.fromEntries(missing))
}

function faultOf(schema: JsonSchema, value: unknown): string | null {
  const { enum: allowed, anyOf } = schema
  if (anyOf) return anyOf.some((one) => faultOf(one, value) === null) ? null : 'This does not fit.'
  if (allowed && !allowed.includes(value)) return `Must be one of ${allowed.join(', ')}.`
  const types = schema.type === undefined ? [] : [schema.type].flat()
  if (types.length > 0 && !types.some((type) => isOfType(type, value)))
    return `Must be ${WORDS[types[0] ?? ''] ?? types[0]}.`
  if (typeof value === 'string') return faultOfText(schema, value)
  if (typeof value === 'number') return faultOfNumber(schema, value)
  return null
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'yes or no',
  object: 'a JSON object',
  array: 'a JSON list',
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'array') return Array.isArray(value)
  if (type === 'null') return value === null
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}

function faultOfText({ minLength, maxLength, pattern }: JsonSchema, text: string): string | null {
  if (minLength !== undefined && text.length < minLength)
    return minLength === 1 ? 'This is required.' : `At least ${minLength} characters.`
  if (maxLength !== undefined && text.length > maxLength) return `At most ${maxLength} characters.`
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(text))
    return 'This does not have the right form.'
  return null
}

function faultOfNumber({ minimum, maximum, exclusiveMinimum }: JsonSchema, value: number): string | null {
  if (minimum !== undefined && value < minimum) return `Must be at least ${minimum}.`
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum)
    return `Must be more than ${exclusiveMinimum}.`
  if (maximum !== undefined && value > maximum) return `Must be at most ${maximum}.`
  return null
}
