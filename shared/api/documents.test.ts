import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { FILTER_FIELDS } from '#shared/core/interest.ts'
import { VERSION } from '#shared/core/version.ts'
import { domains } from '#shared/domain/catalog.ts'
import { asyncapiDocument } from './asyncapi.ts'
import { methodsOf, openapiDocument } from './openapi.ts'
import { catchUpParameters, csvParameters, listParameters } from './parameters.ts'
import type { Json } from './schemas.ts'

const require = createRequire(import.meta.url)
const readText = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
const openapi = openapiDocument(domains)
const asyncapi = asyncapiDocument(domains)

/** Returns every reference of a document whose target does not exist. */
function danglingRefs(document: Json): string[] {
  const resolve = (ref: string) =>
    ref
      .slice(2)
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((value, part) => (value as Json | undefined)?.[part], document)
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref)
  expect(refs.length).toBeGreaterThan(20)
  return refs.filter((ref) => resolve(ref) === undefined)
}

describe('the documents', () => {
  test.each([
    ['docs/openapi.json', openapi],
    ['docs/asyncapi.json', asyncapi],
  ])('%s is what the schemas say now; "npm run generate" updates it', async (path, document) => {
    expect(JSON.parse(await readText(path))).toEqual(JSON.parse(JSON.stringify(document)))
  })

  test('the OpenAPI document is valid, without a dangling reference', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(openapi))

    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
    expect(danglingRefs(openapi)).toEqual([])
  })

  test('the AsyncAPI document is valid, without a dangling reference', () => {
    const schema = require('@asyncapi/specs/schemas/3.0.0-without-$id.json') as Json
    const ajv = new Ajv({ strict: false, allErrors: true, logger: false })
    addFormats.default(ajv)
    const validate = ajv.compile(schema)

    validate(JSON.parse(JSON.stringify(asyncapi)))

    expect(validate.errors).toBeNull()
    expect(danglingRefs(asyncapi)).toEqual([])
  })

  test('have the version of package.json', async () => {
    const { version } = JSON.parse(await readText('package.json')) as { version: string }

    expect(VERSION).toBe(version)
  })

  test('describe every route of serverless.yml that has its own function', async () => {
    const routes = [...(await readText('serverless.yml')).matchAll(/httpApi: (\w+) (\S+)/g)]

    expect(routes.length).toBeGreaterThan(3)
    for (const [, method, path = ''] of routes) expect.soft(methodsOf(path), path).toContain(method)
  })

  test.each([
    ['GET /events', listParameters],
    ['GET /events.csv', csvParameters],
    ['GET /events/since', catchUpParameters],
  ])('name every filter as a parameter of %s', (_route, parameters) => {
    expect(parameters.map(({ name }) => name)).toEqual(expect.arrayContaining([...FILTER_FIELDS]))
  })

  test('say of every operation that it may be unavailable', () => {
    const operations = Object.values(openapi.paths as Json).flatMap((path) => Object.values(path as Json))
    const answers = operations.flatMap((one) => (one as { responses?: Json }).responses ?? []) as Json[]

    expect(answers.length).toBeGreaterThan(15)
    expect(answers.filter((one) => !('503' in one))).toEqual([])
  })

  test('list the methods of a path', () => {
    expect(methodsOf('/events').sort()).toEqual(['GET', 'HEAD', 'POST'])
    expect(methodsOf('/webhooks/github').sort()).toEqual(['GET', 'HEAD', 'OPTIONS', 'POST'])
    expect(methodsOf('/webhooks/')).toEqual([])
    expect(methodsOf('/nowhere')).toEqual([])
  })
})
