import fc from 'fast-check'
import { arbitraryOf } from './arbitrary-of-schema.ts'
import type { Json, OpenDocument, Operation, Parameter } from './open-document.ts'

/** A request that was made up. `isValid`: nothing in it breaks the document, so that it must be accepted. */
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

/** Text that breaks most things. */
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

/** Requests of the document: most of them valid or nearly so, some of them nonsense. */
export function arbitraryRequest(document: OpenDocument): fc.Arbitrary<MadeRequest> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      // Moves of events that nobody has are waited for: too slow to be made up.
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
      ...{ method: 'POST', path: '/events', url: '/events', isValid: true },
      headers: { 'content-type': type },
      body: JSON.stringify(Array.isArray(made) ? made.map(tameEvent) : tameEvent(made as Json)),
    })),
  )
}

/** What the document says in words only: a category, data or bytes but not both, and JSON as the data's type. */
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
        ...{ method, path, url: query.size > 0 ? `${url}?${query}` : url },
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
  // A header that holds what no header may hold cannot be sent at all.
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

/** As a segment of a path. An empty one, "." and ".." are none: whoever sends a URL takes them out of it. */
function segmentOf(text = ''): string {
  return ['', '.', '..'].includes(text) ? 'github' : encodeURIComponent(text)
}
