import fc from 'fast-check'
import type { Json, OpenDocument, Operation, Parameter } from './open-document.ts'

/** A generated request. `isValid`: it complies with the document, so it must be accepted. */
export type MadeRequest = {
  readonly method: string
  readonly path: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly isValid: boolean
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']
const PLAIN_TYPE = 'application/json'
const EVENT_TYPES = [PLAIN_TYPE, 'application/cloudevents+json', 'application/cloudevents-batch+json']

/** Text that many parsers do not expect. */
const garbage = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(
    '',
    ',',
    '..',
    '*',
    '**.a',
    'null',
    '-1',
    '1e2',
    '99999999999999999999',
    '%',
    '\u0000',
    '__proto__',
  ),
)
const headerText = garbage.map((text) => text.replaceAll(/[^ -~\t]/g, '').trim())
const media = fc.constantFrom(
  ...EVENT_TYPES,
  'text/plain',
  'application/cloudevents+xml',
  'image/png',
  'a/b; c=d',
)

/** Returns requests of the document: many are valid or almost valid, some are random. */
export function arbitraryRequest(document: OpenDocument): fc.Arbitrary<MadeRequest> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      // The server waits for the events of moves, so moves of generated events would be too slow.
      .filter(([method]) => method === 'get' || !path.includes('{id}'))
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const documented = fc
    .constantFrom(...operations)
    .chain(({ path, method, operation }) => documentedRequest(path, method, operation, document))
  const wrongMethod = fc
    .record({
      method: fc.constantFrom(...METHODS),
      path: fc.constantFrom(...Object.keys(document.paths), '/nowhere'),
    })
    .filter(({ method, path }) => document.paths[path]?.[method.toLowerCase()] === undefined)
    .map(({ method, path }) => ({ method, path, url: path, headers: {}, isValid: false }))
  return fc.oneof(
    { weight: 3, arbitrary: validEvent(document) },
    { weight: 9, arbitrary: documented },
    wrongMethod,
  )
}

/** An event that must be accepted, in one of the forms with a schema. */
function validEvent(document: OpenDocument): fc.Arbitrary<MadeRequest> {
  const content = document.paths['/events']?.post?.requestBody?.content ?? {}
  return fc.constantFrom(...EVENT_TYPES).chain((type) =>
    arbitraryOf(content[type]?.schema ?? {}, document).map((made) => ({
      method: 'POST',
      path: '/events',
      url: '/events',
      isValid: true,
      headers: { 'content-type': type },
      body: JSON.stringify(Array.isArray(made) ? made.map(tameEvent) : tameEvent(made as Json)),
    })),
  )
}

/** The rules that are only in descriptions: a category, data or bytes but not both, and JSON as the type of the data. */
function tameEvent(event: Json): Json {
  const { data_base64: bytes, datacontenttype: _, ...rest } = event
  const payload = 'data' in rest || bytes == null ? {} : { data_base64: bytes }
  return { ...rest, ...payload, category: event.category ?? 'fuzz.event' }
}

function documentedRequest(
  path: string,
  method: string,
  operation: Operation,
  document: OpenDocument,
): fc.Arbitrary<MadeRequest> {
  const { parameters = [], requestBody } = operation
  const parts = Object.fromEntries(
    parameters.map((parameter) => [key(parameter), textOf(parameter, document)]),
  )
  const content = requestBody?.content ?? {}
  const body = media.chain((type) => fc.tuple(fc.constant(type), bodyOf(content[type]?.schema, document)))
  const isRead = method === 'GET'
  return fc
    .record({ values: fc.record(parts, { requiredKeys: [] }), body, isBroken: fc.boolean() })
    .map((made) => {
      const { values } = made
      const given = parameters.flatMap((parameter) => {
        const value = values[key(parameter)] as Value | undefined
        return value === undefined || (value.isGarbage && !made.isBroken) ? [] : [{ parameter, ...value }]
      })
      const query = new URLSearchParams()
      for (const { parameter, text } of given)
        if (parameter.in === 'query') query.append(parameter.name, text)
      const headers = given.flatMap(({ parameter, text }) =>
        parameter.in === 'header' ? [[parameter.name, text]] : [],
      )
      const named = new Map(
        given.flatMap(({ parameter, text }) => (parameter.in === 'path' ? [[parameter.name, text]] : [])),
      )
      const url = path.replaceAll(/\{(\w+)\}/g, (_, name) => segmentOf(named.get(name)))
      return {
        method,
        path,
        url: query.size > 0 ? `${url}?${query}` : url,
        headers: { ...Object.fromEntries(headers), ...(requestBody && { 'content-type': made.body[0] }) },
        ...(requestBody && { body: made.body[1] }),
        isValid: isRead && !path.includes('{') && given.every(({ isGarbage }) => !isGarbage),
      }
    })
}

type Value = { readonly text: string; readonly isGarbage: boolean }

function key({ in: place, name }: Parameter): string {
  return `${place} ${name}`
}

/** Text for a parameter: of its schema, or garbage. */
function textOf({ in: place, schema, explode }: Parameter, document: OpenDocument): fc.Arbitrary<Value> {
  const toText = (value: unknown) =>
    Array.isArray(value) && explode === false ? value.join(',') : String(value).toWellFormed()
  const fitting = arbitraryOf(schema, document).map((value) => ({ text: toText(value), isGarbage: false }))
  const broken = (place === 'header' ? headerText : garbage).map((text) => ({ text, isGarbage: true }))
  // A header with characters that are not allowed cannot be sent at all.
  const sendable = fitting.map(({ text }) => ({
    text: text.replaceAll(/[^ -~]/g, '').trim(),
    isGarbage: false,
  }))
  return fc.oneof({ weight: 4, arbitrary: place === 'header' ? sendable : fitting }, broken)
}

/** A body: of the schema, then perhaps cut or changed. */
function bodyOf(schema: Json | undefined, document: OpenDocument): fc.Arbitrary<string> {
  const made = arbitraryOf(schema ?? {}, document).map((value) => JSON.stringify(value))
  const cut = fc.tuple(made, fc.nat(200)).map(([text, at]) => text.slice(0, at))
  const swapped = fc
    .tuple(made, fc.constantFrom('null', '[]', '{}', '1e999', '"\\ud800"', '-0'), fc.nat(9))
    .map(([text, value, nth]) => {
      let seen = 0
      return text.replaceAll(/(?<=:)(?:"[^"]*"|-?\d[\d.e+-]*|true|false|null)/g, (old) =>
        seen++ === nth ? value : old,
      )
    })
  return fc.oneof(made, cut, swapped, garbage, fc.json())
}

/** Returns text as a segment of a path. An empty one, "." and ".." are replaced: clients remove them from a URL. */
function segmentOf(text = ''): string {
  return ['', '.', '..'].includes(text) ? 'github' : encodeURIComponent(text)
}

const uri = fc.constantFrom('/cranes/4', 'urn:test:1', 'https://example.com/a?b=c#d', 'ünï', '../x', 'a:b')

/** Values that fit a schema of the document. Covers what the document uses; throws for any other keyword. */
function arbitraryOf(schema: Json, document: OpenDocument): fc.Arbitrary<unknown> {
  const of = (part: Json) => arbitraryOf(part, document)
  const found = document.resolve(schema)
  if (found.const !== undefined) return fc.constant(found.const)
  if (Array.isArray(found.enum)) return fc.constantFrom(...(found.enum as unknown[]))
  const options = (found.anyOf ?? found.oneOf) as Json[] | undefined
  if (options) return fc.oneof(...options.map(of))
  switch (found.type) {
    case undefined:
      return fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)))
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true, min: (found.minimum as number) ?? -1e9 })
    case 'integer':
      return fc.integer(bounds(found))
    case 'string':
      return arbitraryText(found).filter((text) => document.fits(found, text))
    case 'array':
      return fc.array(of((found.items ?? {}) as Json), {
        minLength: (found.minItems as number) ?? 0,
        maxLength: Math.min((found.maxItems as number) ?? 5, 5),
      })
    case 'object':
      return arbitraryObject(found, document)
  }
  throw new Error(`no values of ${JSON.stringify(found)} are known`)
}

function bounds({ minimum, maximum }: Json) {
  return {
    min: Math.max((minimum as number) ?? -1000, -(2 ** 31)),
    max: Math.min((maximum as number) ?? 1000, 2 ** 31 - 1),
  }
}

function arbitraryText({
  format,
  pattern,
  examples,
  contentEncoding,
  maxLength = 40,
}: Json): fc.Arbitrary<string> {
  if (format === 'date-time')
    return fc
      .date({ min: new Date('1970-01-01'), max: new Date('9999-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString())
  if (format === 'uri') return fc.webUrl({ withFragments: false })
  if (format === 'uri-reference') return uri
  if (contentEncoding === 'base64') return fc.base64String({ maxLength: 80 })
  const text = fc.string({ unit: 'grapheme', maxLength: Math.min(maxLength as number, 40) })
  if (typeof pattern !== 'string') return text
  const known = Array.isArray(examples) ? [fc.constantFrom(...(examples as string[]))] : []
  // fast-check does not support lookaheads, so examples and letters are used instead.
  if (pattern.includes('(?!')) return fc.oneof(...known, fc.constantFrom('a', 'a.b.c', '*', '**', 'a.*.**'))
  return fc.oneof(...known, fc.stringMatching(new RegExp(pattern, 'u'), { size: 'small' }))
}

function arbitraryObject(found: Json, document: OpenDocument): fc.Arbitrary<unknown> {
  const {
    properties = {},
    required = [],
    additionalProperties,
    propertyNames,
  } = found as {
    properties?: Record<string, Json>
    required?: string[]
    additionalProperties?: Json | boolean
    propertyNames?: Json
  }
  const named = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, arbitraryOf(part, document)])),
    { requiredKeys: required },
  )
  if (additionalProperties === false || additionalProperties === undefined) return named
  const names = propertyNames
    ? arbitraryOf({ type: 'string', ...propertyNames }, document)
    : fc.stringMatching(/^[a-z]{1,9}$/)
  const isFree = (name: unknown): name is string => !Object.hasOwn(properties, String(name))
  const values = arbitraryOf(typeof additionalProperties === 'object' ? additionalProperties : {}, document)
  const more = fc.dictionary(names.filter(isFree) as fc.Arbitrary<string>, values, { maxKeys: 3 })
  return fc.tuple(more, named).map(([extra, own]) => ({ ...extra, ...own }))
}
