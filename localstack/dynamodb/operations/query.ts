import { invalid } from '../dynamo-error.ts'
import {
  assertOperands,
  type Condition,
  isMet,
  operandsOf,
  parseCondition,
} from '../expressions/condition.ts'
import { keyConditionOf, type RangeCondition } from '../expressions/key-condition.ts'
import { type Bindings, type Path, resolveName } from '../expressions/path.ts'
import { parseProjection, pathsOf, project } from '../expressions/projection.ts'
import type { Expression } from '../expressions/tokens.ts'
import type { Tables } from '../storage/open-tables.ts'
import type { Bound, Key, KeyPart, Range, StoredItem } from '../storage/stored-table.ts'
import type { TableDefinition } from '../storage/table-definition.ts'
import type { AttributeValue, Item } from '../values/attribute-value.ts'
import { encodeKeyPart, keyJson, keyNames, parseKey } from './item-key.ts'
import {
  assertEmulated,
  bindingsOf,
  type Input,
  optionalCount,
  optionalExpression,
  optionalText,
  tableOf,
} from './request.ts'
import { consumedCapacity, jsonObject, readUnits } from './response.ts'

/** A page ends with the item that makes it this large. */
const PAGE_BYTES = 1024 * 1024

/** Reads a page of the items with one hash key, in the order of their range key. */
export function query(tables: Tables, input: Input): string {
  assertEmulated(input)
  const keyCondition = optionalExpression(input, 'KeyConditionExpression', parseCondition)
  if (keyCondition === null)
    throw invalid(
      'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
    )
  const asked = askedOf(input, keyCondition)
  assertOperands(keyCondition, asked.bindings)
  const table = tableOf(tables, input)
  const { definition } = table
  assertNoKeys(asked, definition)
  const { hash, range } = keyConditionOf(keyCondition.tree, definition, asked.bindings)
  const whole = { hash: encodeKeyPart(hash), ...boundsOf(range), isForward: input.ScanIndexForward !== false }
  return readPage(table.range(startAfter(whole, startKey(input, definition))), input, { definition, asked })
}

/**
 * Reads a page of all items of a table. Of the segments of a parallel scan the first has all items, so each item is in
 * exactly one.
 */
export function scan(tables: Tables, input: Input): string {
  assertEmulated(input)
  const asked = askedOf(input, null)
  const table = tableOf(tables, input)
  const { definition } = table
  const isOtherSegment = (optionalCount(input, 'Segment', 0) ?? 0) > 0
  const items = isOtherSegment ? [] : table.scan(startKey(input, definition))
  return readPage(items, input, { definition, asked })
}

type Asked = {
  readonly filter: Expression<Condition> | null
  readonly paths: readonly Path[] | null
  readonly bindings: Bindings
  readonly isCount: boolean
  readonly limit: number
}

function askedOf(input: Input, keyCondition: Expression<Condition> | null): Asked {
  const filter = optionalExpression(input, 'FilterExpression', parseCondition)
  const projection = optionalExpression(input, 'ProjectionExpression', parseProjection)
  const bindings = bindingsOf(input, [keyCondition, filter, projection])
  if (filter) assertOperands(filter, bindings)
  const select = optionalText(input, 'Select', [
    'SPECIFIC_ATTRIBUTES',
    'COUNT',
    'ALL_ATTRIBUTES',
    'ALL_PROJECTED_ATTRIBUTES',
  ])
  if (select === 'ALL_PROJECTED_ATTRIBUTES')
    throw invalid('ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName')
  if (projection && select !== undefined && select !== 'SPECIFIC_ATTRIBUTES')
    throw invalid(
      `Cannot specify the ProjectionExpression when choosing to get ${select === 'COUNT' ? 'only the Count' : select}`,
    )
  return {
    filter,
    paths: projection && pathsOf(projection, bindings),
    bindings,
    isCount: select === 'COUNT',
    limit: optionalCount(input, 'Limit', 1) ?? Number.POSITIVE_INFINITY,
  }
}

function assertNoKeys({ filter, bindings }: Asked, definition: TableDefinition): void {
  if (filter === null) return
  const keys = keyNames(definition)
  for (const operand of operandsOf(filter.tree)) {
    const name = operand.kind === 'path' ? resolveName(operand.path[0], bindings) : undefined
    if (name !== undefined && keys.includes(name))
      throw invalid(
        `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${name}`,
      )
  }
}

function startKey(input: Input, definition: TableDefinition): Key | null {
  const { ExclusiveStartKey: start } = input
  if (start === undefined || start === null) return null
  try {
    return parseKey(definition, start).key
  } catch {
    throw invalid('The provided starting key is invalid')
  }
}

function startAfter(range: Range, start: Key | null): Range {
  if (start === null) return range
  if (Buffer.compare(Buffer.from(start.hash), Buffer.from(range.hash)) !== 0)
    throw invalid('The provided starting key is outside query boundaries based on provided conditions')
  const { low, high, isForward } = range
  if (isBeyond(start.range, low, -1) || isBeyond(start.range, high, 1))
    throw invalid('The provided starting key does not match the range key predicate')
  const bound = { at: start.range, isIncluded: false }
  return isForward ? { ...range, low: bound } : { ...range, high: bound }
}

/** Whether a place is outside a bound, which is the lower one for -1 and the upper one for 1. */
function isBeyond(place: KeyPart, bound: Bound | null, direction: 1 | -1): boolean {
  if (bound === null) return false
  const order = Buffer.compare(Buffer.from(place), Buffer.from(bound.at)) * direction
  return order > 0 || (order === 0 && !bound.isIncluded)
}

function boundsOf(range: RangeCondition | null): Pick<Range, 'low' | 'high'> {
  if (range === null) return { low: null, high: null }
  if (range.kind === 'BETWEEN') return { low: included(range.low), high: included(range.high) }
  const at = encodeKeyPart(range.value)
  switch (range.kind) {
    case '=':
      return { low: { at, isIncluded: true }, high: { at, isIncluded: true } }
    case '<':
    case '<=':
      return { low: null, high: { at, isIncluded: range.kind === '<=' } }
    case '>':
    case '>=':
      return { low: { at, isIncluded: range.kind === '>=' }, high: null }
    case 'begins_with': {
      const end = afterPrefix(at)
      return { low: { at, isIncluded: true }, high: end === null ? null : { at: end, isIncluded: false } }
    }
  }
}

function included(value: AttributeValue): Bound {
  return { at: encodeKeyPart(value), isIncluded: true }
}

const LAST_CODE_POINT = 0x10ffff
const SURROGATES = { before: 0xd7ff, after: 0xe000 }

/** Returns the least key part above all that begin with a prefix; null if nothing is. */
function afterPrefix(prefix: KeyPart): KeyPart | null {
  if (typeof prefix !== 'string') {
    const end = prefix.findLastIndex((byte) => byte < 0xff)
    const last = prefix[end]
    return last === undefined ? null : Uint8Array.from([...prefix.slice(0, end), last + 1])
  }
  const points = [...prefix].map((character) => character.codePointAt(0) ?? 0)
  const end = points.findLastIndex((point) => point < LAST_CODE_POINT)
  const last = points[end]
  if (last === undefined) return null
  const next = last === SURROGATES.before ? SURROGATES.after : last + 1
  return String.fromCodePoint(...points.slice(0, end), next)
}

function readPage(
  items: Iterable<StoredItem>,
  input: Input,
  { definition, asked }: { readonly definition: TableDefinition; readonly asked: Asked },
): string {
  const found: string[] = []
  let count = 0
  let scanned = 0
  let bytes = 0
  let last: StoredItem | null = null
  let hasMore = false
  for (const stored of items) {
    scanned++
    bytes += stored.size
    last = stored
    const json = selected(stored, asked)
    if (json !== null) {
      count++
      if (!asked.isCount) found.push(json)
    }
    hasMore = scanned === asked.limit || bytes >= PAGE_BYTES
    if (hasMore) break
  }
  const units = readUnits(bytes, input.ConsistentRead === true)
  return jsonObject({
    Items: asked.isCount ? undefined : `[${found.join(',')}]`,
    Count: String(count),
    ScannedCount: String(scanned),
    LastEvaluatedKey: hasMore && last ? keyJson(definition, JSON.parse(last.json)) : undefined,
    ConsumedCapacity: consumedCapacity(input, definition.name, units),
  })
}

/** Returns the JSON of what is asked for of an item; null if the filter leaves it out. */
function selected({ json }: StoredItem, { filter, paths, bindings }: Asked): string | null {
  if (filter === null && paths === null) return json
  const item: Item = JSON.parse(json)
  if (filter && !isMet(filter.tree, item, bindings)) return null
  return paths ? JSON.stringify(project(item, paths)) : json
}
