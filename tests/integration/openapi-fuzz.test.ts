import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { propertyRuns } from '#shared/testing/test-seed.ts'
import { arbitraryRequest, type MadeRequest } from '../support/openapi/arbitrary-request.ts'
import { type OpenDocument, openDocument } from '../support/openapi/open-document.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

/** The number of generated requests; `TIDEWIRE_PROPERTY_RUNS=10000` for more. */
const RUNS = propertyRuns(300)

let stack: TestStack
let document: OpenDocument
beforeAll(async () => {
  stack = await startStack({ env: { LONG_POLL: '0' } })
  document = await openDocument(stack.httpUrl)
})
afterAll(() => stack?.dispose())

async function send({ method, url, headers, body }: MadeRequest, key: string) {
  const response = await fetch(`${stack.httpUrl}${url}`, {
    method,
    headers: { ...headers, ...(key && { 'x-api-key': key }) },
    ...(body !== undefined && { body }),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** Returns what is wrong with the response to a request; null if nothing is. */
function wrongWith(
  request: MadeRequest,
  isKnown: boolean,
  answer: Awaited<ReturnType<typeof send>>,
): string | null {
  const { method, path, isValid } = request
  const operation = document.paths[path]?.[method.toLowerCase()]
  if (answer.status >= 500) return `${answer.status}: ${answer.text}`
  // API Gateway decodes the path before it is matched, so a slash in a parameter makes another path of it.
  if (/%2f/i.test(request.url.split('?')[0] ?? '')) return null
  // Another template may cover the address, as /events/{id} does /events/since: that route asks for credentials first.
  const refusals = isKnown ? [404, 405] : [404, 405, 401]
  if (operation === undefined)
    return refusals.includes(answer.status) ? null : `${answer.status} for no route`
  if (!isKnown && operation.security === undefined)
    return answer.status === 401
      ? document.contradiction(method, path, answer)
      : `${answer.status} without a key`
  // A made-up position fits its pattern, and is none that a page gave.
  if (isValid && answer.status === 400 && /next\W+is [^;]+; leave it out/.test(answer.text)) return null
  if (isValid && answer.status >= 300) return `${answer.status} for a valid request: ${answer.text}`
  if (answer.status === 202 && !bodyFits(request)) return `202 for a body that the document refuses`
  return document.contradiction(method, path, answer)
}

/** Whether the body matches the schema of its media type. Rules in descriptions are not checked. */
function bodyFits({ path, headers, body = '' }: MadeRequest): boolean {
  const type = headers['content-type'] ?? ''
  const isBinary = ['ce-type', 'ce-id', 'ce-source', 'ce-specversion'].some((name) => name in headers)
  const schema = document.paths[path]?.post?.requestBody?.content[type]?.schema
  if (schema === undefined || (isBinary && type === 'application/json')) return true
  return document.fits(schema, JSON.parse(body))
}

it(`no response to ${RUNS} requests generated from the document contradicts it or is a 5xx`, async () => {
  const counts = new Map<number, number>()
  const property = fc.asyncProperty(
    arbitraryRequest(document),
    fc.constantFrom(API_KEY, API_KEY, API_KEY, API_KEY, API_KEY, API_KEY, '', 'guess'),
    async (request, key) => {
      const answer = await send(request, key)
      counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1)
      expect(wrongWith(request, key === API_KEY, answer)).toBeNull()
    },
  )

  await fc.assert(property, { numRuns: RUNS })

  const told = [...counts].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
  process.stdout.write(`answers by status: ${told.join(', ')}\n`)
  for (const status of [200, 202, 400, 401]) expect(counts.has(status), String(status)).toBe(true)
})
