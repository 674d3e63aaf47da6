import type { AttributeValue, Item } from '../../../localstack/dynamodb/values/attribute-value.ts'

/** What the document client takes and returns in place of attribute values. */
type Native = Readonly<Record<string, unknown>>

/** Returns an item in DynamoDB's JSON, as the document client sends it; undefined members are left out. */
export function marshall(item: Native): Item {
  const members = Object.entries(item).filter(([, value]) => value !== undefined)
  return Object.fromEntries(members.map(([name, value]) => [name, toAttributeValue(value)]))
}

/** Returns an item of DynamoDB's JSON as the document client returns it. */
export function unmarshall(item: Item): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toNative(value)]))
}

function toAttributeValue(value: unknown): AttributeValue {
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'number') return { N: String(value) }
  if (typeof value === 'boolean') return { BOOL: value }
  if (value === null) return { NULL: true }
  if (Array.isArray(value)) return { L: value.map(toAttributeValue) }
  if (value instanceof Uint8Array) return { B: Buffer.from(value).toString('base64') }
  if (value instanceof Set) return toSet([...value])
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return { M: marshall(value as Native) }
  throw new Error(`${typeof value} is not a value of DynamoDB`)
}

function toSet(elements: readonly unknown[]): AttributeValue {
  return elements.every((element) => typeof element === 'number')
    ? { NS: elements.map(String) }
    : { SS: elements.map(String) }
}

function toNative(value: AttributeValue): unknown {
  if ('S' in value) return value.S
  if ('N' in value) return Number(value.N)
  if ('BOOL' in value) return value.BOOL
  if ('NULL' in value) return null
  if ('L' in value) return value.L.map(toNative)
  if ('M' in value) return unmarshall(value.M)
  if ('B' in value) return new Uint8Array(Buffer.from(value.B, 'base64'))
  if ('SS' in value) return new Set(value.SS)
  return 'NS' in value
    ? new Set(value.NS.map(Number))
    : new Set(value.BS.map((element) => new Uint8Array(Buffer.from(element, 'base64'))))
}
