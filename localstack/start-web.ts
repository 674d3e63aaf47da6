import { fileURLToPath } from 'node:url'
import { buildWeb } from './web/build-web.ts'
import { securityHeaders } from './web/security-headers.ts'
import { serveFiles } from './web/serve-files.ts'

type Options = {
  readonly port: number
  readonly config: Readonly<Record<string, unknown>>
  /** Where the app may send requests to. */
  readonly origins: readonly string[]
}

/**
 * Serves the web app as the cloud does: built, compressed, under the same Content-Security-Policy, with
 * `/config.json`, which tells it where this stack is. `WEB_DEV=1` serves its sources instead, renewed as they change.
 */
export async function startWeb({ port, config, origins }: Options) {
  const document = JSON.stringify(config)
  if (process.env.WEB_DEV === '1') return serveSources(port, document)
  const folder = await buildWeb()
  return serveFiles({
    folder,
    port,
    documents: { '/config.json': document },
    headers: securityHeaders(origins),
  })
}

async function serveSources(port: number, config: string) {
  const { createServer } = await import('vite')
  const server = await createServer({
    configFile: fileURLToPath(new URL('../web/vite.config.ts', import.meta.url)),
    root: fileURLToPath(new URL('../web', import.meta.url)),
    logLevel: 'warn',
    clearScreen: false,
    server: { port, host: '127.0.0.1', strictPort: true },
    plugins: [
      {
        name: 'tidewire-config',
        configureServer: ({ middlewares }) => {
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
