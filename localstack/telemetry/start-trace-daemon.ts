import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Running } from '../start-worker.ts'
import { type TraceStore, traceStore } from './trace-store.ts'

/** A trace that is complete in parts only must not be lost to a full buffer, in bytes. */
const BUFFER_BYTES = 1024 * 1024

/**
 * Starts X-Ray's daemon on a free port of loopback: it takes segment documents by UDP and keeps the latest traces.
 * `endpoint` is what `AWS_XRAY_DAEMON_ADDRESS` says.
 */
export async function startTraceDaemon(): Promise<Running & { readonly traces: TraceStore }> {
  const traces = traceStore()
  const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES })
  socket.on('message', (packet) => traces.add(packet.toString()))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { address, port } = socket.address()
  return {
    traces,
    endpoint: `${address}:${port}`,
    stop: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
}
