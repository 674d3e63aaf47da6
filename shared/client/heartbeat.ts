import type { Clock } from './clock.ts'

export type Heartbeat = { readonly pong: () => void; readonly check: () => void; readonly stop: () => void }

/**
 * Pings every `pingMs` and calls `dead` once when a pong stays out for `pongTimeoutMs`: a frozen socket never
 * reports a close by itself. `check` pings at once, unless an answer is already being waited for.
 */
export function startHeartbeat(
  { clock, pingMs, pongTimeoutMs }: { clock: Clock; pingMs: number; pongTimeoutMs: number },
  on: { readonly ping: () => void; readonly dead: () => void },
): Heartbeat {
  let cancelPing = clock.after(pingMs, check)
  let cancelWait: (() => void) | null = null
  let stopped = false

  function check() {
    if (stopped || cancelWait) return
    cancelPing()
    cancelWait = clock.after(pongTimeoutMs, () => {
      stop()
      on.dead()
    })
    on.ping()
  }
  function pong() {
    if (stopped || !cancelWait) return
    cancelWait()
    cancelWait = null
    cancelPing = clock.after(pingMs, check)
  }
  function stop() {
    stopped = true
    cancelPing()
    cancelWait?.()
  }
  return { pong, check, stop }
}
