import { fileURLToPath } from 'node:url'
import { buildPage } from '../../infra/page/build-page.ts'
import { pageHeaders } from '../../infra/page/page-headers.ts'
import { loopbackOrigins, requestProblem, type Trust } from '../trusted-requests.ts'
import { serveFiles } from './serve-files.ts'

type Options = {
  readonly port: number
  readonly config: Readonly<Record<string, unknown>>
  /** The origins that the app may send requests to. */
  readonly origins: readonly string[]
  /** Names that the page is opened by, besides those of loopback. */
  readonly allowedHosts?: readonly string[]
}

/**
 * Serves the web app as in the cloud: built, compressed, with the same Content-Security-Policy, and with `config` as
 * `/config.json`, which contains the URLs of this stack. `WEB_DEV=1` serves the sources instead and reloads them when
 * they change. Rejects if the port is in use.
 */
export async function startWeb({ port, config, origins, allowedHosts = [] }: Options) {
  const document = JSON.stringify(config)
  const trust: Trust = { hosts: allowedHosts, origins: loopbackOrigins(port) }
  if (process.env.WEB_DEV === '1') return serveSources(port, document, trust)
  const folder = await buildPage()
  return serveFiles({
    folder,
    port,
    documents: { '/config.json': document },
    headers: pageHeaders(origins),
    trust,
  })
}

async function serveSources(port: number, config: string, trust: Trust) {
  const { createServer } = await import('vite')
  const server = await createServer({
    configFile: fileURLToPath(new URL('../../web/vite.config.ts', import.meta.url)),
    root: fileURLToPath(new URL('../../web', import.meta.url)),
    logLevel: 'warn',
    clearScreen: false,
    server: {
      port,
      host: '127.0.0.1',
      strictPort: true,
      allowedHosts: [...trust.hosts],
      cors: { origin: [...trust.origins] },
    },
    plugins: [
      {
        name: 'tidewire-config',
        configureServer: ({ middlewares }) => {
          middlewares.use((request, response, next) => {
            if (requestProblem(request, trust) === null) next()
            else response.writeHead(403).end()
          })
          middlewares.use('/config.json', (_, response) => {
            response.setHeader('content-type', 'application/json')
            response.end(config)
          })
        },
      },
    ],
  })
  await server.listen()
  return { endpoint: `http://localhost:${port}`, stop: () => server.close() }
}
