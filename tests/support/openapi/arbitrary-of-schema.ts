import fc from 'fast-check'
import type { Json, OpenDocument } from './open-document.ts'

const uri = fc.constantFrom('/cranes/4', 'urn:test:1', 'https://example.com/a?b=c#d', 'ünï', '../x', 'a:b')

/** Values that fit a schema of the document. Covers what the document uses; throws for what it does not know. */
export function arbitraryOf(schema: Json, document: OpenDocument): fc.Arbitrary<unknown> {
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
  // fast-check does not generate from lookaheads: there the examples, and letters, have to do.
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
