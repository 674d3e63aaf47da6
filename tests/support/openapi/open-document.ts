import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

export type Json = { readonly [name: string]: unknown }
export type Operation = Json & {
  readonly operationId: string
  readonly security?: readonly unknown[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> }
  readonly responses: Readonly<Record<string, Json>>
}
export type Parameter = {
  readonly name: string
  readonly in: 'query' | 'header' | 'path'
  readonly required?: boolean
  readonly explode?: boolean
  readonly schema: Json
}
export type Answer = { readonly status: number; readonly headers: Headers; readonly text: string }

/** The OpenAPI document of a server, and checks against it. */
export type OpenDocument = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  /** Returns the target of a reference; any other schema is returned as it is. */
  resolve(schema: Json): Json
  /** Whether a value fits a schema of the document. */
  fits(schema: Json, value: unknown): boolean
  /** Returns how a response contradicts the document; null if it does not. */
  contradiction(method: string, path: string, answer: Answer): string | null
}

const BASE = 'openapi'

/** Reads `GET /openapi.json`. */
export async function openDocument(httpUrl: string): Promise<OpenDocument> {
  const response = await fetch(`${httpUrl}/openapi.json`)
  const document = (await response.json()) as Json
  const paths = document.paths as OpenDocument['paths']
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, BASE)
  ajv.addSchema(closed(document) as Json, `${BASE}-closed`)
  const compiled = new Map<string, ValidateFunction>()

  function validatorOf(base: string, schema: Json): ValidateFunction {
    const key = base + JSON.stringify(schema)
    const known =
      compiled.get(key) ?? ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', `"${base}#/`)))
    compiled.set(key, known)
    return known
  }

  function resolve(schema: Json): Json {
    if (typeof schema.$ref !== 'string') return schema
    const parts = schema.$ref.slice(2).split('/')
    return resolve(parts.reduce<unknown>((value, part) => (value as Json)[part], document) as Json)
  }

  function contradiction(method: string, path: string, { status, headers, text }: Answer): string | null {
    const operation = paths[path]?.[method.toLowerCase()]
    const described = operation?.responses[status]
    if (described === undefined) return `${status} is not documented: ${text.slice(0, 300)}`
    const { content, headers: named } = resolve(described) as {
      content?: Record<string, Json>
      headers?: Json
    }
    const required = Object.entries(named ?? {}).filter(([, header]) => (header as Json).required !== false)
    for (const [name] of status >= 400 ? required : [])
      if (!headers.has(name)) return `${status} came without the header ${name}`
    if (method === 'HEAD') return text === '' ? null : 'HEAD has no body' // RFC 9110 §9.3.2
    if (content === undefined) return text === '' ? null : `${status} is documented without a body`
    const mediaType = headers.get('content-type')?.split(';')[0] ?? ''
    const media = content[mediaType]
    if (media === undefined) return `${status} as "${mediaType}" is not documented`
    const validate = validatorOf(`${BASE}-closed`, closed(media.schema) as Json)
    return validate(mediaType.endsWith('json') ? JSON.parse(text) : text)
      ? null
      : ajv.errorsText(validate.errors)
  }
  return {
    paths,
    resolve,
    contradiction,
    fits: (schema, value) => validatorOf(BASE, schema)(value) === true,
  }
}

/** Returns the schemas without further members, so that a response with an undocumented one does not fit. */
export function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]))
  const isOpen = copy.type === 'object' && copy.properties && copy.additionalProperties === undefined
  return isOpen ? { ...copy, additionalProperties: false } : copy
}
