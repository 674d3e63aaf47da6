import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openapiDocument } from '#shared/api/openapi.ts'
import { domains } from '#shared/domain/catalog.ts'
import { repositoryFiles } from '../support/repository-files.ts'

type Named = Readonly<Record<string, unknown>>
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, Named>>
}
type Operation = {
  readonly parameters?: readonly Named[]
  readonly responses?: Readonly<Record<string, Named>>
}

const document = openapiDocument(domains) as Document
const operations = Object.entries(document.paths)
  // What senders of webhooks send is nothing for a page.
  .filter(([path]) => !path.startsWith('/webhooks'))
  .flatMap(([, methods]) => Object.entries(methods))

function resolve(object: Named): Named {
  if (typeof object.$ref !== 'string') return object
  const names = object.$ref.split('/').slice(1)
  return names.reduce<unknown>((node, name) => (node as Named)[name], document) as Named
}

/** The list of a member of `provider.httpApi.cors`, in either way of writing it. */
async function configured(member: string): Promise<string[]> {
  const service = await readFile('serverless.yml', 'utf8')
  const [, inline, lines] =
    new RegExp(`^      ${member}:(?: \\[(.*)\\]|((?:\\n +(?:-|#).*)+))`, 'm').exec(service) ?? []
  const names = inline?.split(',') ?? lines?.split('\n').filter((line) => /^ +-/.test(line)) ?? []
  return names.map((name) => name.replace(/^ *-/, '').trim())
}

test('a page may use every method of the API', async () => {
  const used = operations.map(([method]) => method.toUpperCase())

  expect(await configured('allowedMethods')).toEqual(expect.arrayContaining([...new Set(used)]))
})

test('a page may send every header that the API reads', async () => {
  const headers = operations
    .flatMap(([, { parameters = [] }]) => parameters.map(resolve))
    .filter((parameter) => parameter.in === 'header')
    .map((parameter) => String(parameter.name).toLowerCase())

  const allowed = await configured('allowedHeaders')
  expect(allowed).toEqual(expect.arrayContaining([...new Set(headers)]))
  expect(allowed).toEqual(expect.arrayContaining(['authorization', 'content-type', 'x-api-key']))
})

test('a page may read every header that the API responds with', async () => {
  const headers = operations.flatMap(([, { responses = {} }]) =>
    Object.values(responses).flatMap((response) => Object.keys(resolve(response).headers ?? {})),
  )

  const names = [...new Set(headers)].map((name) => name.toLowerCase())
  expect(await configured('exposedResponseHeaders')).toEqual(expect.arrayContaining(names))
})

test('no origin is allowed that is not configured', async () => {
  expect(await readFile('serverless.yml', 'utf8')).not.toMatch(/allowedOrigins: *(?:\[|['"]?\*)/)
})

test('every HTTP server of the local stack refuses what it does not trust', async () => {
  const sources = (await repositoryFiles()).filter(
    (file) => /^localstack\/.+\.ts$/.test(file) && !/\.test\.ts$|\/testing\//.test(file),
  )
  const texts = await Promise.all(sources.map(async (file) => [file, await readFile(file, 'utf8')] as const))
  const creators = texts.filter(([, text]) =>
    /import \{[^}]*createServer[^}]*\} from 'node:https?'/.test(text),
  )

  expect(creators.map(([file]) => file)).toEqual(['localstack/trusted-requests.ts'])
})
