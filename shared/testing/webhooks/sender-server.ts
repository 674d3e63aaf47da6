import type { RequestListener } from 'node:http'
import { Agent, createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:tls'
import { type Certificate, makeCertificate } from './make-certificate.ts'

/** The host of a sender, over TLS on this machine. */
export type SenderServer = {
  /** What connects to this server, whatever host of `hosts` it is asked for, and trusts its certificate. */
  readonly agent: Agent
  readonly port: number
  /** The addresses that were asked for. */
  readonly asked: string[]
  readonly stop: () => Promise<void>
}

/**
 * Starts a server for these hosts that answers each path with a status and a text, or by itself. What it does not know is
 * 404.
 */
export async function startSenderServer(
  hosts: readonly string[],
  pages: Readonly<Record<string, readonly [status: number, text: string] | RequestListener>>,
  certificate: Certificate = makeCertificate({ hosts }),
): Promise<SenderServer> {
  const asked: string[] = []
  const server = createServer({ key: certificate.keyPem, cert: certificate.pem }, (request, response) => {
    asked.push(`https://${request.headers.host}${request.url}`)
    const page = pages[request.url ?? ''] ?? ([404, ''] as const)
    if (typeof page === 'function') page(request, response)
    else response.writeHead(page[0], page[0] === 302 ? { location: page[1] } : {}).end(page[1])
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const agent = new Agent()
  agent.createConnection = ({ host }) =>
    connect({ host: '127.0.0.1', port, servername: String(host), ca: certificate.pem })
  return {
    agent,
    port,
    asked,
    async stop() {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
