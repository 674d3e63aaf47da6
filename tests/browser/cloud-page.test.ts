import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { runInNewContext } from 'node:vm'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildPage } from '../../infra/page/build-page.ts'
import { type PageFile, readPage } from '../../infra/page/page-files.ts'
import { pageHeaders } from '../../infra/page/page-headers.ts'
import { pageRouting } from '../../infra/page/page-routing.ts'
import { type PageConfig, uploadPage } from '../../infra/page/upload-page.ts'
import { freePorts } from '../support/free-ports.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'
import { launchBrowser, openApp, untilLive } from './support/open-app.ts'

// The page as a deployment uploads it, behind what CloudFront adds to it: the routing, the headers, the caching.

let stack: TestStack
let server: Server
let browser: Browser
let page: Page
let problems: string[]
let origin: string

beforeAll(async () => {
  const [port = 0] = await freePorts(1)
  origin = `http://localhost:${port}`
  stack = await startStack({ env: { ALLOWED_ORIGINS: origin } })
  server = await serveUpload(port)
  browser = await launchBrowser()
  const opened = await openApp(browser, `${origin}/sensors`)
  page = opened.page
  problems = opened.problems
})
afterAll(async () => {
  await browser.close()
  server.closeAllConnections()
  server.close()
  await stack.dispose()
})

/** Uploads the page with the addresses of the local stack, and serves what was uploaded. */
async function serveUpload(port: number): Promise<Server> {
  const files = new Map<string, PageFile>()
  await uploadPage({
    files: await readPage(await buildPage()),
    config: (await (await fetch(`${stack.webUrl}/config.json`)).json()) as PageConfig,
    store: {
      list: async () => [],
      read: async () => null,
      put: async (file) => void files.set(`/${file.path}`, file),
      remove: async () => {},
    },
  })
  // As wide as the header is in the cloud, which names all gateways of a region.
  const headers = pageHeaders(['http://localhost:*', 'ws://localhost:*', 'http://127.0.0.1:*'])
  const serving = createServer((request, response) => {
    const uri = new URL(request.url ?? '/', origin).pathname
    const route = `${pageRouting()}; handler(${JSON.stringify({ request: { uri } })}).uri`
    const file = files.get(runInNewContext(route) as string)
    if (file === undefined) return void response.writeHead(404, headers).end()
    response.writeHead(200, { ...headers, 'content-type': file.type, 'cache-control': file.caching })
    response.end(file.body)
  }).listen(port, '127.0.0.1')
  await once(serving, 'listening')
  return serving
}

test('a path of the page opens it; a user signs in, the page is live, and its policy stops nothing of it', async () => {
  await untilLive(page)

  expect(new URL(page.url()).pathname).toBe('/sensors')
  expect(problems).toEqual([])
})

test('the page sends nothing to an address that is not in its config.json, although the header lets it', async () => {
  const stranger = `http://localhost:${stack.ports.LAMBDA_PORT}`
  const outcome = await page.evaluate(`new Promise((resolve) => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective))
    fetch(${JSON.stringify(stranger)}).then(() => resolve('sent'), () => {})
  })`)

  expect(outcome).toBe('connect-src')
})

test('an asset that is not there is 404, and not the page', async () => {
  expect((await fetch(`${origin}/assets/gone.js`)).status).toBe(404)
  expect((await fetch(`${origin}/market/orders`)).headers.get('content-type')).toBe(
    'text/html; charset=utf-8',
  )
})
