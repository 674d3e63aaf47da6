import { invalid } from '../dynamo-error.ts'
import { memberOf } from '../expressions/path.ts'
import type { Key, KeyPart } from '../storage/stored-table.ts'
import type { KeyAttribute, TableDefinition } from '../storage/table-definition.ts'
import { type AttributeValue, type Item, parseItem, sizeOfValue, typeOf } from '../values/attribute-value.ts'
import { sortableNumber } from '../values/decimal.ts'

/** The range of every item of a table without a range key. */
const NO_RANGE = ''
const MAX_HASH_BYTES = 2048
const MAX_RANGE_BYTES = 1024

/** Returns the names of the key attributes of a table. */
export function keyNames({ hashKey, rangeKey }: TableDefinition): string[] {
  return rangeKey ? [hashKey.name, rangeKey.name] : [hashKey.name]
}

/** Returns the key of an item. Throws ValidationException if it lacks an attribute of the key, or has a wrong one. */
export function keyOfItem({ hashKey, rangeKey }: TableDefinition, item: Item): Key {
  const part = (attribute: KeyAttribute): KeyPart => {
    const value = memberOf(item, attribute.name)
    if (value === undefined)
      throw invalid(
        `One or more parameter values were invalid: Missing the key ${attribute.name} in the item`,
      )
    if (typeOf(value) !== attribute.type)
      throw invalid(
        `One or more parameter values were invalid: Type mismatch for key ${attribute.name} expected: ${attribute.type} actual: ${typeOf(value)}`,
      )
    return encode(value, attribute.name, attribute === hashKey ? MAX_HASH_BYTES : MAX_RANGE_BYTES)
  }
  return { hash: part(hashKey), range: rangeKey ? part(rangeKey) : NO_RANGE }
}

/** Parses a `Key`: the attributes of the key and no others. Throws ValidationException. */
export function parseKey(
  definition: TableDefinition,
  input: unknown,
): { readonly key: Key; readonly item: Item } {
  const item = parseItem(input)
  const { hashKey, rangeKey } = definition
  const attributes = rangeKey ? [hashKey, rangeKey] : [hashKey]
  const fits = attributes.every(({ name, type }) => {
    const value = memberOf(item, name)
    return value !== undefined && typeOf(value) === type
  })
  if (!fits || Object.keys(item).length !== attributes.length)
    throw invalid('The provided key element does not match the schema')
  return { key: keyOfItem(definition, item), item }
}

/** Returns the attributes of the key of an item, as JSON. */
export function keyJson(definition: TableDefinition, item: Item): string {
  return JSON.stringify(Object.fromEntries(keyNames(definition).map((name) => [name, item[name]])))
}

function encode(value: AttributeValue, name: string, maxBytes: number): KeyPart {
  const size = sizeOfValue(value)
  if (size === 0)
    throw invalid(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${'B' in value ? 'binary' : 'string'} value. Key: ${name}`,
    )
  if (size > maxBytes)
    throw invalid(
      maxBytes === MAX_HASH_BYTES
        ? `One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of${maxBytes} bytes`
        : `One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of ${maxBytes} bytes`,
    )
  return encodeKeyPart(value)
}

/** Returns a string, number or binary as it is ordered in a key. */
export function encodeKeyPart(value: AttributeValue): KeyPart {
  if ('S' in value) return value.S
  if ('N' in value) return sortableNumber(value.N)
  if ('B' in value) return Buffer.from(value.B, 'base64')
  throw invalid('A key is a string, a number or binary')
}
