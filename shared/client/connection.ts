import type { ClientMessage, ServerFrame } from '#shared/core/messages.ts'
import { type Backoff, createBackoff } from './backoff.ts'
import { dialLine, type Line, type LineSettings, retireLine } from './line.ts'

export type ConnectionSettings = LineSettings & {
  /** A connection that lived this long resets the backoff. */
  readonly stableMs: number
  /** So long without a working socket, or so many failures in a row, are called trouble. */
  readonly troubleMs: number
  readonly troubleFailures: number
}

export type ConnectionEvents = {
  readonly opened: (line: string) => void
  readonly frame: (line: string, frame: ServerFrame) => void
  readonly lost: (line: string) => void
  readonly trouble: () => void
  readonly error: (cause: unknown) => void
}

/**
 * The way to the server: one open socket, followed by the next one before the gateway ends it (make before break).
 * `candidate` is dialled while `active` still carries everything, and takes over when `settle` says so.
 */
export type Connection = {
  readonly settings: ConnectionSettings
  readonly on: ConnectionEvents
  readonly backoff: Backoff
  active: Line | null
  candidate: Line | null
  dialled: number
  failures: number
  closed: boolean
  cancelDial: (() => void) | null
  cancelTrouble: (() => void) | null
}

/** Starts connecting, for as long as it is not closed. */
export function openConnection(settings: ConnectionSettings, on: ConnectionEvents): Connection {
  const connection: Connection = {
    settings,
    on,
    backoff: createBackoff({ random: settings.random }),
    active: null,
    candidate: null,
    dialled: 0,
    failures: 0,
    closed: false,
    cancelDial: null,
    cancelTrouble: null,
  }
  watch(connection)
  dial(connection)
  return connection
}

/** The line to ask on: the successor as soon as it is open. Null while there is none. */
export function preferredLine({ active, candidate }: Connection): string | null {
  return (candidate?.open ? candidate : active)?.id ?? null
}

/** Sends on a line; nothing happens if it is gone. */
export function sendOn(connection: Connection, id: string, message: ClientMessage): void {
  findLine(connection, id)?.link?.send(message)
}

function findLine({ active, candidate }: Connection, id: string): Line | null {
  return [active, candidate].find((line) => line?.open && line.id === id) ?? null
}

function dial(connection: Connection): void {
  connection.cancelDial?.()
  connection.cancelDial = null
  const line = dialLine(connection.settings, `line-${++connection.dialled}`, {
    opened: () => opened(connection, line),
    frame: (frame) => connection.on.frame(line.id, frame),
    lost: (cause) => {
      if (cause !== undefined) connection.on.error(cause)
      lose(connection, line)
    },
    due: () => expire(connection, line),
  })
  connection.candidate = line
}

function opened(connection: Connection, line: Line): void {
  if (connection.active === null) promote(connection)
  connection.on.opened(line.id)
}

function promote(connection: Connection): void {
  connection.active = connection.candidate
  connection.candidate = null
}

function expire(connection: Connection, line: Line): void {
  if (line === connection.active && !connection.candidate) dial(connection)
}

function lose(connection: Connection, line: Line): void {
  if (line !== connection.active && line !== connection.candidate) return
  retireLine(line)
  if (line === connection.candidate) connection.candidate = null
  else if (connection.candidate?.open) promote(connection)
  else connection.active = null
  if (!line.confirmed) connection.failures++
  connection.on.lost(line.id)
  watch(connection)
  redial(connection)
}

function redial(connection: Connection): void {
  const { closed, active, candidate, cancelDial, backoff, settings } = connection
  if (closed || candidate || cancelDial || (active && !active.due)) return
  connection.cancelDial = settings.clock.after(backoff.next(), () => dial(connection))
}

/** Calls trouble when it has been too long, or failed too often, without a socket that works. */
function watch(connection: Connection): void {
  const { closed, active, candidate, settings, on } = connection
  if (closed || active?.confirmed || candidate?.confirmed) {
    connection.cancelTrouble?.()
    connection.cancelTrouble = null
    return
  }
  connection.cancelTrouble ??= settings.clock.after(settings.troubleMs, on.trouble)
  if (connection.failures >= settings.troubleFailures) on.trouble()
}

/** Says that a line works. */
export function confirmLine(connection: Connection, id: string): void {
  const line = findLine(connection, id)
  if (!line || line.confirmed) return
  line.confirmed = true
  connection.failures = 0
  line.timers.push(connection.settings.clock.after(connection.settings.stableMs, connection.backoff.reset))
  watch(connection)
}

/** Ends the old line, if there is a successor: everything is live on the new one. */
export function settleLines(connection: Connection): void {
  const { active, candidate } = connection
  if (!active || !candidate?.open) return
  promote(connection)
  retireLine(active)
  connection.on.lost(active.id)
}

/** The line that `settleLines` would end; null unless a successor is open. */
export function outgoingLine({ active, candidate }: Connection): string | null {
  return candidate?.open ? (active?.id ?? null) : null
}

/** Gives up a line that is of no use any more, and connects anew. */
export function abandonLine(connection: Connection, id: string): void {
  const line = findLine(connection, id)
  if (line) lose(connection, line)
}

/** Looks at once whether the server is there: the network has just changed. */
export function checkConnection(connection: Connection): void {
  connection.active?.heartbeat?.check()
  connection.candidate?.heartbeat?.check()
  if (connection.cancelDial) dial(connection)
}

/** Closes everything, for good. */
export function closeConnection(connection: Connection): void {
  connection.closed = true
  connection.cancelDial?.()
  connection.cancelTrouble?.()
  for (const line of [connection.active, connection.candidate]) if (line) retireLine(line)
  connection.active = null
  connection.candidate = null
}
