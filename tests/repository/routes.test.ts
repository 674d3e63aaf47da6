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
  const ownFunctions = await routesOfFunctions()

  const read = Object.keys(readRoutes({} as ReadDeps))

  // HEAD is documented as a whole: it is taken wherever GET is.
  const own = ownFunctions.filter((route) => documented.includes(route) || !route.startsWith('HEAD '))
  expect([...own, ...read].sort()).toEqual(documented.sort())
})

test('every GET route has a HEAD route that leads to the same function, because API Gateway makes none of it', async () => {
  const routes = await routesOfFunctions()
  const pathsOf = (method: string) =>
    routes.flatMap((route) => (route.startsWith(`${method} `) ? [route.slice(method.length + 1)] : [])).sort()

  expect(pathsOf('HEAD')).toEqual(pathsOf('GET'))
})

/** The routes of functions but `$default`, which has those of `read`. */
async function routesOfFunctions(): Promise<readonly string[]> {
  const service = await readFile('serverless.yml', 'utf8')
  return [...service.matchAll(/httpApi: (\w+ \S+)/g)].map(([, route = '']) => route)
}
