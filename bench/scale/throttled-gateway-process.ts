import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

/** Takes posts like the management API: each after a while, and 429 for what is above a rate. On its own thread. */

const { rate, burst, delayMs } = workerData as {
  readonly rate: number
  readonly burst: number
  readonly delayMs: number
}

let tokens = burst
let at = performance.now()
const take = () => {
  const now = performance.now()
  tokens = Math.min(burst, tokens + ((now - at) * rate) / 1000)
  at = now
  if (tokens < 1) return false
  tokens--
  return true
}

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    setTimeout(() => response.writeHead(take() ? 200 : 429, { 'content-length': 0 }).end(), delayMs)
  })
})
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port))
