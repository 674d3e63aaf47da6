import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openapiDocument } from '#shared/api/openapi.ts'
import { domains } from '#shared/domain/catalog.ts'
import { type ReadDeps, readRoutes } from '../../functions/lib/read-routes.ts'

test('every route is in the OpenAPI document, and every route of the document is served', async () => {
  const { paths } = openapiDocument(domains) as { paths: Readonly<Record<string, object>> }
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const service = await readFile('serverless.yml', 'utf8')
  const ownFunctions = [...service.matchAll(/httpApi: (\w+ \S+)/g)].map(([, route = '']) => route)

  const read = Object.keys(readRoutes({} as ReadDeps))

  expect([...ownFunctions, ...read].sort()).toEqual(documented.sort())
})
