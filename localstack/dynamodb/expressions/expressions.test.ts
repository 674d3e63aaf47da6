import { describe, expect, test } from 'vitest'
import type { Item } from '../values/attribute-value.ts'
import { assertOperands, isMet, parseCondition } from './condition.ts'
import { parseProjection, pathsOf, project } from './projection.ts'
import { applyUpdate, parseUpdate } from './update.ts'

const ITEM: Item = {
  id: { S: 'a' },
  n: { N: '9007199254740993' },
  s: { S: 'héllo' },
  b: { B: 'AQID' },
  yes: { BOOL: true },
  nil: { NULL: true },
  things: { L: [{ N: '1' }, { S: 'x' }, { M: { deep: { L: [{ S: 'end' }] } } }] },
  facts: { M: { 'a.b': { N: '2' }, nested: { M: { n: { N: '3' } } } } },
  tags: { SS: ['a', 'b'] },
  ratings: { NS: ['1', '2.5'] },
}
const names = { '#dotted': 'a.b', '#s': 's', '#size': 'size' }
const values: Item = {
  ':one': { N: '1' },
  ':two': { N: '2' },
  ':big': { N: '9007199254740992' },
  ':bigger': { N: '9007199254740993' },
  ':h': { S: 'h' },
  ':hé': { S: 'hé' },
  ':x': { S: 'x' },
  ':a': { S: 'a' },
  ':M': { S: 'M' },
  ':true': { BOOL: true },
  ':null': { NULL: true },
  ':bytes': { B: 'AQI=' },
  ':ba': { SS: ['b', 'a'] },
  ':deep': { M: { deep: { L: [{ S: 'end' }] } } },
  ':empty': { L: [] },
  ':list': { L: [{ S: 'y' }] },
  ':b': { SS: ['b'] },
  ':c': { SS: ['c'] },
  ':six': { N: '6' },
}
const bindings = { names, values }

describe('a condition', () => {
  test.each([
    'n > :big AND n = :bigger',
    'attribute_exists(id) AND attribute_not_exists(nothing) AND attribute_not_exists(facts.nothing)',
    'NOT attribute_exists(things[3]) AND attribute_exists(things[2].deep[0])',
    'nothing <> :x',
    'NOT nothing = :x',
    's <> :one',
    'begins_with(#s, :h) AND begins_with(b, :bytes)',
    'contains(s, :h) AND contains(tags, :a) AND contains(ratings, :one) AND contains(things, :x)',
    'contains(things, :deep)',
    'size(s) = :six AND size(tags) = :two AND size(things) > :two AND size(facts) = :two AND size(b) > :two',
    ':two = size(tags)',
    'n IN (:one, :bigger)',
    'ratings <> :one AND tags = :ba',
    'yes = :true AND nil = :null AND things[2] = :deep',
    'facts.#dotted = :two AND facts.nested.n BETWEEN :two AND :big',
    'attribute_type(facts, :M)',
    'n = :one OR n = :bigger AND s <> :x',
    '(n = :one OR yes = :true) AND NOT (s = :x OR s = :a)',
    'NOT NOT yes = :true',
    'id = :a and id IN (:a) or id = :x',
  ])('is met: %s', (text) => {
    const condition = parseCondition('ConditionExpression', text)
    assertOperands(condition, bindings)
    expect(isMet(condition.tree, ITEM, bindings)).toBe(true)
  })

  test.each([
    'n = :big',
    'nothing = :x',
    'nothing < :x',
    'nothing BETWEEN :one AND :two',
    's < :one',
    's > :one',
    'contains(s, :one)',
    'contains(nothing, :x)',
    'begins_with(n, :h)',
    'size(n) > :one',
    'size(nothing) < :two',
    'yes = :null',
    'things[0].x = :one',
    'facts[0] = :one',
    'id = :a AND n = :one OR id = :x',
    'NOT (id = :a OR id = :x)',
    'toString <> :x AND attribute_exists(toString)',
  ])('is not met: %s', (text) => {
    expect(isMet(parseCondition('FilterExpression', text).tree, ITEM, bindings)).toBe(false)
  })

  test.each([
    ['', 'Invalid FilterExpression: The expression can not be empty;'],
    ['n = ', 'Syntax error; token: "<EOF>"'],
    ['n == :one', 'Syntax error; token: "="'],
    ['n = :one n', 'Syntax error; token: "n", near: ":one n"'],
    ['(n = :one', 'Syntax error; token: "<EOF>"'],
    ['n ! :one', 'Syntax error; token: "!"'],
    ['n', 'Syntax error; token: "<EOF>"'],
    ['things[a] = :one', 'Syntax error; token: "a"'],
    ['foo(n)', 'Invalid function name; function: foo'],
    ['begins_with(s)', 'Incorrect number of operands'],
    ['attribute_exists(:x)', 'Operator or function requires a document path'],
    ['status = :x', 'Attribute name is a reserved keyword; reserved keyword: status'],
  ])('that is wrong is refused: %s', (text, reason) => {
    expect(() => parseCondition('FilterExpression', text)).toThrow(reason)
  })

  test.each([
    [
      'yes < :true',
      'Incorrect operand type for operator or function; operator or function: <, operand type: BOOL',
    ],
    ['begins_with(s, :one)', 'operator or function: begins_with, operand type: N'],
    ['attribute_type(s, :x)', 'Invalid attribute type name found; type: x'],
    ['n BETWEEN :two AND :one', 'requires upper bound to be greater than or equal to lower bound'],
    ['n BETWEEN :one AND :x', 'requires same data type for lower and upper bounds'],
  ])('whose values do not fit is refused: %s', (text, reason) => {
    const condition = parseCondition('ConditionExpression', text)
    expect(() => assertOperands(condition, bindings)).toThrow(reason)
  })
})

describe('an update', () => {
  const update = (text: string) =>
    applyUpdate(parseUpdate('UpdateExpression', text), { item: ITEM, keys: ['id'], bindings }).item

  test.each([
    ['SET n = n + :one', { n: { N: '9007199254740994' } }],
    ['SET n = :one - n, twin = n', { n: { N: '-9007199254740992' }, twin: ITEM.n }],
    ['SET fresh = if_not_exists(fresh, :one), n = if_not_exists(n, :one)', { fresh: { N: '1' } }],
    ['SET hits = if_not_exists(hits, :one) + :two', { hits: { N: '3' } }],
    ['SET things = list_append(things, :list)', { things: { L: [...listOf(ITEM), { S: 'y' }] } }],
    ['SET more = list_append(if_not_exists(more, :empty), :list)', { more: { L: [{ S: 'y' }] } }],
    [
      'SET things[0] = :x, things[9] = :two, things[5] = :one',
      {
        things: { L: [{ S: 'x' }, ...listOf(ITEM).slice(1), { N: '1' }, { N: '2' }] },
      },
    ],
    [
      'REMOVE things[0], things[1], things[7], nothing, tags',
      { things: { L: listOf(ITEM).slice(2) }, tags: undefined },
    ],
    ['SET things[1] = :one REMOVE things[0]', { things: { L: [{ N: '1' }, ...listOf(ITEM).slice(2)] } }],
    [
      'SET facts.nested.fresh = :x REMOVE facts.#dotted',
      {
        facts: { M: { nested: { M: { n: { N: '3' }, fresh: { S: 'x' } } } } },
      },
    ],
    [
      'SET things[2].deep[0] = :x',
      {
        things: { L: [...listOf(ITEM).slice(0, 2), { M: { deep: { L: [{ S: 'x' }] } } }] },
      },
    ],
    [
      'ADD n :one, fresh :two, tags :c, colours :c, facts.nested.n :one',
      {
        n: { N: '9007199254740994' },
        fresh: { N: '2' },
        tags: { SS: ['a', 'b', 'c'] },
        colours: { SS: ['c'] },
        facts: { M: { 'a.b': { N: '2' }, nested: { M: { n: { N: '4' } } } } },
      },
    ],
    ['DELETE tags :b, nothing :c', { tags: { SS: ['a'] } }],
    ['DELETE tags :ba', { tags: undefined }],
    [
      'set s = :x remove nil add n :one delete tags :c',
      {
        s: { S: 'x' },
        nil: undefined,
        n: { N: '9007199254740994' },
      },
    ],
  ])('%s', (text, changes) => {
    expect(update(text)).toEqual({ ...ITEM, ...changes })
  })

  test.each([
    ['SET id = :x', 'Cannot update attribute id. This attribute is part of the key'],
    ['SET fresh = nothing', 'refers to an attribute that does not exist in the item'],
    ['SET facts.nothing.n = :x', 'The document path provided in the update expression is invalid for update'],
    ['REMOVE nothing.n', 'The document path provided in the update expression is invalid for update'],
    ['SET n[0] = :x', 'The document path provided in the update expression is invalid for update'],
    ['SET n = n + :x', 'An operand in the update expression has an incorrect data type'],
    ['SET n = list_append(n, :list)', 'An operand in the update expression has an incorrect data type'],
    ['ADD s :one', 'An operand in the update expression has an incorrect data type'],
    ['ADD n :x', 'operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND'],
    ['DELETE n :one', 'operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND'],
    ['SET facts = :x, facts.nested = :x', 'Two document paths overlap with each other'],
    ['SET n = :x REMOVE n', 'Two document paths overlap with each other'],
    ['SET n = :x SET s = :x', 'The "SET" section can only be used once'],
    ['SET n = foo(:x)', 'Invalid function name; function: foo'],
    ['ADD n n', 'Syntax error'],
    ['INSERT n', 'Syntax error; token: "INSERT"'],
  ])('that is wrong is refused: %s', (text, reason) => {
    expect(() => update(text)).toThrow(reason)
  })
})

describe('a projection', () => {
  test('returns parts of documents, and elements of lists in their order', () => {
    const projection = parseProjection(
      'ProjectionExpression',
      'things[2].deep, things[0], facts.#dotted, nothing, s.x',
    )
    expect(project(ITEM, pathsOf(projection, bindings))).toEqual({
      things: { L: [{ N: '1' }, { M: { deep: { L: [{ S: 'end' }] } } }] },
      facts: { M: { 'a.b': { N: '2' } } },
    })
  })

  test('of a part and its whole is refused', () => {
    const projection = parseProjection('ProjectionExpression', 'facts.nested, facts')
    expect(() => pathsOf(projection, bindings)).toThrow('Two document paths overlap')
  })
})

function listOf({ things }: Item) {
  return things !== undefined && 'L' in things ? things.L : []
}
