// The parts of an OpenAPI 3.1 document that the page shows: https://spec.openapis.org/oas/v3.1.0
export type Example = { readonly title: string; readonly text: string }
export type Parameter = {
  readonly name: string
  readonly place: string
  readonly description: string
  readonly required: boolean
}
export type ApiResponse = {
  readonly status: string
  readonly description: string
  readonly examples: readonly Example[]
}
export type Operation = {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly summary: string
  readonly description: string
  readonly isOpen: boolean
  readonly parameters: readonly Parameter[]
  readonly examples: readonly Example[]
  readonly responses: readonly ApiResponse[]
}
export type Section = {
  readonly name: string
  readonly description: string
  readonly operations: readonly Operation[]
}
export type ApiDocument = {
  readonly title: string
  readonly version: string
  readonly description: string
  readonly sections: readonly Section[]
}

type Json = { readonly [name: string]: unknown }

const fieldsOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Reads the shown parts of a document, with references resolved. Missing parts are empty. */
export function readDocument(document: unknown): ApiDocument {
  const root = fieldsOf(document)
  const { title, version, description } = fieldsOf(root.info)
  const resolve = (value: unknown): Json => {
    const reference = textOf(fieldsOf(value).$ref)
    if (!reference.startsWith('#/')) return fieldsOf(value)
    return reference
      .slice(2)
      .split('/')
      .reduce((found, name) => fieldsOf(found[name]), root)
  }
  const operations = Object.entries(fieldsOf(root.paths)).flatMap(([path, methods]) =>
    Object.entries(fieldsOf(methods)).map(([method, operation]) => ({
      tag: textOf(listOf(fieldsOf(operation).tags)[0]),
      operation: readOperation(method, path, fieldsOf(operation), resolve),
    })),
  )
  const sections = listOf(root.tags)
    .map(fieldsOf)
    .map((tag) => ({
      name: textOf(tag.name),
      description: textOf(tag.description),
      operations: operations.filter((one) => one.tag === tag.name).map(({ operation }) => operation),
    }))
  return { title: textOf(title), version: textOf(version), description: textOf(description), sections }
}

function readOperation(
  method: string,
  path: string,
  operation: Json,
  resolve: (value: unknown) => Json,
): Operation {
  const responses = Object.entries(fieldsOf(operation.responses)).map(([status, response]) => {
    const { description, content } = resolve(response)
    return { status, description: textOf(description), examples: readExamples(content, resolve) }
  })
  return {
    id: textOf(operation.operationId) || `${method}-${path}`,
    method: method.toUpperCase(),
    path,
    summary: textOf(operation.summary),
    description: textOf(operation.description),
    isOpen: Array.isArray(operation.security) && operation.security.length === 0,
    parameters: listOf(operation.parameters)
      .map(resolve)
      .map((parameter) => ({
        name: textOf(parameter.name),
        place: textOf(parameter.in),
        description: textOf(parameter.description),
        required: parameter.required === true,
      })),
    examples: readExamples(resolve(operation.requestBody).content, resolve),
    responses,
  }
}

function readExamples(content: unknown, resolve: (value: unknown) => Json): Example[] {
  return Object.entries(fieldsOf(content)).flatMap(([mediaType, media]) => {
    const { example, examples, schema } = fieldsOf(media)
    const named = Object.values(fieldsOf(examples)).map((one) => resolve(one).value)
    const values = example === undefined ? named : [example, ...named]
    const shown = values.map((value) => ({ title: mediaType, text: print(value) }))
    const rule = resolve(schema)
    // Without an example the schema is shown instead.
    if (shown.length > 0 || Object.keys(rule).length === 0) return shown
    return [{ title: `${mediaType}, as JSON Schema`, text: print(rule) }]
  })
}

function print(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}
