import type { ServerFrame } from '#shared/core/messages.ts'
import type { Clock } from './clock.ts'
import { type Heartbeat, startHeartbeat } from './heartbeat.ts'
import { type Link, type OpenSocket, openLink } from './open-link.ts'

export type LineSettings = {
  readonly url: () => Promise<string>
  readonly openSocket: OpenSocket
  readonly clock: Clock
  readonly random: () => number
  readonly openTimeoutMs: number
  readonly pingMs: number
  readonly pongTimeoutMs: number
  readonly maxConnectionMs: number
}

export type LineEvents = {
  readonly opened: () => void
  readonly frame: (frame: ServerFrame) => void
  readonly lost: (cause?: unknown) => void
  /** It nears the gateway's limit and wants a successor. */
  readonly due: () => void
}

/** One socket with its heartbeat and its age. */
export type Line = {
  readonly id: string
  readonly link: Link
  heartbeat: Heartbeat | null
  open: boolean
  /** Whether it has proved to work: something was answered on it. */
  confirmed: boolean
  /** Whether it is near the gateway's limit and wants a successor. */
  due: boolean
  readonly timers: (() => void)[]
}

/** Dials a line. After `lost`, or after it was retired, it reports nothing any more. */
export function dialLine(settings: LineSettings, id: string, on: LineEvents): Line {
  const link = openLink(settings, {
    opened: () => {
      settle(settings, line, on)
      on.opened()
    },
    frame: (frame) => {
      if (frame.type === 'pong') line.heartbeat?.pong()
      on.frame(frame)
    },
    lost: on.lost,
  })
  const line: Line = { id, link, heartbeat: null, open: false, confirmed: false, due: false, timers: [] }
  return line
}

function settle(settings: LineSettings, line: Line, on: LineEvents): void {
  line.open = true
  line.heartbeat = startHeartbeat(settings, {
    ping: () => line.link.send({ action: 'ping' }),
    dead: () => on.lost(),
  })
  // Dashboards that connected together after a deployment should not all move on together.
  const lifeMs = settings.maxConnectionMs * (1 - 0.1 * settings.random())
  const expire = () => {
    line.due = true
    on.due()
  }
  line.timers.push(settings.clock.after(lifeMs, expire))
}

/** Closes a line and all of its timers. */
export function retireLine(line: Line): void {
  line.open = false
  line.heartbeat?.stop()
  for (const cancel of line.timers) cancel()
  line.link.close()
}
