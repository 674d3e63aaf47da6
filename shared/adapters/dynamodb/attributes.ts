/** A value as DynamoDB's JSON protocol writes it, such as `{ S: 'text' }`. */
type Attribute = {
  readonly S?: string
  readonly N?: string
  readonly BOOL?: boolean
  readonly NULL?: true
  readonly L?: readonly Attribute[]
  readonly M?: Attributes
  readonly B?: string
  readonly SS?: readonly string[]
  readonly NS?: readonly string[]
  readonly BS?: readonly string[]
}
export type Attributes = Readonly<Record<string, Attribute>>

type Plain = Readonly<Record<string, unknown>>

/**
 * Returns the attributes of an item, or of the values of an expression. Members that are undefined are left out. Throws
 * for what DynamoDB has no type for, and for a number that DynamoDB or JavaScript cannot hold exactly.
 */
export function toAttributes(item: object): Attributes {
  const attributes: Record<string, Attribute> = {}
  for (const [name, value] of Object.entries(item))
    if (value !== undefined) setOwn(attributes, name, toAttribute(value))
  return attributes
}

/** Sets a member under any name: an assignment to `__proto__` would replace the prototype, and lose the member. */
function setOwn<Value>(object: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  else object[name] = value
}

function toAttribute(value: unknown): Attribute {
  switch (typeof value) {
    case 'string':
      return { S: value }
    case 'number':
      return { N: writeNumber(value) }
    case 'boolean':
      return { BOOL: value }
    case 'object':
      if (value === null) return { NULL: true }
      if (Array.isArray(value)) return { L: value.filter((one) => one !== undefined).map(toAttribute) }
      if (isPlain(value)) return { M: toAttributes(value) }
      if (value instanceof Uint8Array) return { B: writeBytes(value) }
      if (value instanceof Set) return toSet([...value])
      break
    case 'bigint':
      return { N: String(value) }
  }
  throw new Error(`DynamoDB has no type for a value of type ${typeof value}`)
}

/** A set has values of one type, and at least one of them. */
function toSet(values: readonly unknown[]): Attribute {
  const attributes = values.map(toAttribute)
  const all = <Value>(read: (attribute: Attribute) => Value | undefined): Value[] =>
    attributes.map(read).filter((value) => value !== undefined)
  const sets = { SS: all(({ S }) => S), NS: all(({ N }) => N), BS: all(({ B }) => B) }
  const found = Object.entries(sets).find(([, set]) => set.length === values.length && set.length > 0)
  if (found === undefined)
    throw new Error('DynamoDB has sets of texts, of numbers or of bytes, and none without members')
  return Object.fromEntries([found])
}

function isPlain(value: object): value is Plain {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`DynamoDB has no number ${value}`)
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new Error(`The number ${value} is larger than JavaScript holds exactly`)
  return String(value)
}

/** Returns the item of its attributes. An integer that a number cannot hold exactly becomes a bigint. */
export function fromAttributes(attributes: Attributes): Record<string, unknown> {
  const item: Record<string, unknown> = {}
  for (const name of Object.keys(attributes)) {
    const attribute = attributes[name]
    if (attribute !== undefined) setOwn(item, name, fromAttribute(attribute))
  }
  return item
}

function fromAttribute(attribute: Attribute): unknown {
  if (attribute.S !== undefined) return attribute.S
  if (attribute.N !== undefined) return readNumber(attribute.N)
  if (attribute.BOOL !== undefined) return attribute.BOOL
  if (attribute.M !== undefined) return fromAttributes(attribute.M)
  if (attribute.L !== undefined) return attribute.L.map(fromAttribute)
  if (attribute.NULL !== undefined) return null
  if (attribute.B !== undefined) return readBytes(attribute.B)
  if (attribute.SS !== undefined) return new Set(attribute.SS)
  if (attribute.NS !== undefined) return new Set(attribute.NS.map(readNumber))
  if (attribute.BS !== undefined) return new Set(attribute.BS.map(readBytes))
  throw new Error(`An attribute of an unknown type: ${Object.keys(attribute).join(', ')}`)
}

function readNumber(text: string): number | bigint {
  const number = Number(text)
  return Math.abs(number) > Number.MAX_SAFE_INTEGER ? BigInt(text) : number
}

function writeBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function readBytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'))
}
