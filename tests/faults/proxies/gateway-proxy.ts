import { Agent } from 'node:http'
import type { Random } from '#shared/testing/random.ts'
import { type Fate, forward, type HttpProxy, type Passing, startHttpProxy } from './http-proxy.ts'

export type GatewayFaults = Record<'429' | '500' | '410' | 'time-outs', number>
export type GatewayProxy = HttpProxy & {
  readonly faults: GatewayFaults
  readonly posts: () => number
  /** Whether posts fail at random. */
  trouble: boolean
  /** Refuses posts to the next connection (429 or 500) for longer than retries wait. */
  refuseOne(ms: number): void
}

const NOTE = '{"message":"injected by the fault run"}'
/** Longer than the gateway adapter waits for one try. */
const TOO_LATE_MS = 2500

/** Starts a proxy between the functions and the management API of the gateway, with the failures of API Gateway. */
export async function startGatewayProxy(target: () => string, random: Random): Promise<GatewayProxy> {
  const faults: GatewayFaults = { '429': 0, '500': 0, '410': 0, 'time-outs': 0 }
  const agent = new Agent({ keepAlive: true })
  let posts = 0
  let wanted = 0
  let refused = { path: '', until: 0 }

  const busy = (): Fate => {
    const status = random.chance(0.7) ? 429 : 500
    faults[`${status}` as '429' | '500']++
    return { lost: true, answer: { status, body: NOTE } }
  }
  const gone = (passing: Passing): Fate => {
    faults['410']++
    // If a connection is gone for the gateway, it is gone for the client too, so its socket is closed.
    forward(target(), { ...passing, method: 'DELETE', headers: {}, body: Buffer.alloc(0) }, agent).catch(
      () => {}, // the stack is being killed; then the socket is gone anyway
    )
    return { lost: true, answer: { status: 410, body: NOTE } }
  }
  const late = (): Fate => {
    faults['time-outs']++
    const whenever = random.chance(0.5) ? { answer: 'never' as const } : { delayMs: TOO_LATE_MS }
    return random.chance(0.5) ? { ...whenever, lost: true, answer: 'never' } : whenever
  }
  const judge = (passing: Passing): Fate | null => {
    if (passing.method !== 'POST') return null
    posts++
    if (!proxy.trouble) return null
    if (wanted > 0) refused = { path: passing.path, until: Date.now() + wanted }
    wanted = 0
    if (passing.path === refused.path && Date.now() < refused.until) return busy()
    const dice = random.next()
    if (dice < 0.02) return busy()
    if (dice < 0.023) return gone(passing)
    return dice < 0.026 ? late() : null
  }
  const http = await startHttpProxy(target, judge)
  const proxy: GatewayProxy = {
    ...http,
    faults,
    posts: () => posts,
    trouble: false,
    refuseOne: (ms) => {
      wanted = ms
    },
  }
  return proxy
}
