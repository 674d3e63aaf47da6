import { type ClientError, connect, type TidewireState } from '#shared/client/connect.ts'
import type { NotRecovered } from '#shared/core/cursor.ts'
import type { Interest } from '#shared/core/interest.ts'
import { type ReceivedEvent, writeReceived } from '#shared/core/json/received-event.ts'
import type { Since } from '#shared/core/messages.ts'
import { clientOptions } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { CliError } from '../lib/cli-error.ts'
import type { Connection } from '../lib/connection.ts'
import { credentialsRefused } from '../lib/failures.ts'
import { countOf, printable } from '../lib/printable.ts'
import { hasColor } from '../lib/show-table.ts'
import { createEventFormatter } from './format-event.ts'

type TailJob = {
  readonly interest: Interest
  readonly since: Since
  /** Maximum of events. */
  readonly limit: number | undefined
  readonly json: boolean
}

/** Width of a line if the terminal does not give one. */
const DEFAULT_WIDTH = 160

/** What is printed for each reason of a gap. */
const GAPS: Readonly<Record<NotRecovered, string>> = {
  too_far: 'gap: too far behind to catch up; some events were skipped',
  trimmed: 'gap: older events are no longer kept; some may have been skipped',
  epoch: 'gap: the topic was created again; continuing with what is in it now',
  ahead: 'gap: the log was restored to an earlier state; continuing with what is in it now',
}
/** Reported with every attempt while the stack is down. The state says that already. */
const KNOWN_FROM_STATE = new Set(['unreachable', 'connect_failed'])

/**
 * Prints events as they come until the limit is reached, the command is interrupted, or the server refuses.
 * Events go to stdout, states and gaps to stderr. Throws CliError on a refusal.
 */
export async function tailEvents(job: TailJob, connection: Connection, context: CliContext): Promise<void> {
  const options = await clientOptions(connection)
  const { promise: finished, resolve: finish, reject: fail } = Promise.withResolvers<void>()
  const note = (line: string): boolean => context.stderr.write(`${printable(line)}\n`)
  const narrator = createNarrator(note, `${job.interest.channels.join(', ')} since ${job.since}`)
  const printer = createPrinter(job, context, finish)
  let lastError: ClientError | null = null
  const onError = (error: ClientError): void => {
    lastError = error
    if (error.code === 'http_401') fail(credentialsRefused(connection))
    // A refusal closes the subscription in the same turn, and then it is the error of the command.
    else setImmediate(() => lastError === error && narrator.error(error))
  }
  if (context.signal.aborted) finish()
  context.signal.addEventListener('abort', () => finish(), { once: true })
  const client = connect({ ...options, onError })
  try {
    client.subscribe({ ...job.interest, since: job.since }, printer.print, {
      onGap: ({ reason }) => narrator.gap(reason),
      onState: (state) => {
        narrator.state(state)
        if (state === 'closed') fail(refused(lastError))
        lastError = null
      },
      onError,
    })
    await finished
  } finally {
    client.close()
  }
  note(`${countOf(printer.printed(), 'event')} received`)
}

function createPrinter(job: TailJob, { stdout, env, signal }: CliContext, finish: () => void) {
  const color = hasColor(stdout, env)
  const format = job.json
    ? writeReceived
    : createEventFormatter({ color, width: stdout.columns ?? DEFAULT_WIDTH })
  let printed = 0
  return {
    printed: () => printed,
    print: (positioned: ReceivedEvent): void => {
      // The client may call with the rest of a page after the limit was reached.
      if (printed === job.limit || signal.aborted) return
      stdout.write(`${format(positioned)}\n`)
      if (++printed === job.limit) finish()
    },
  }
}

/** Returns what writes a line for each change of a connection, but not the same line twice in a row. */
function createNarrator(write: (line: string) => void, listeningTo: string) {
  let wasLive = false
  let last = ''
  const say = (line: string): void => {
    if (line === last) return
    last = line
    write(line)
  }
  return {
    state: (state: TidewireState) => {
      if (state !== 'closed') say(describeState(state, wasLive, listeningTo))
      wasLive ||= state === 'live'
    },
    gap: (reason: NotRecovered) => say(GAPS[reason] ?? `gap: ${reason}`),
    error: ({ code, detail }: ClientError) => {
      if (!KNOWN_FROM_STATE.has(code)) say(`${detail} (${code})`)
    },
  }
}

function describeState(
  state: Exclude<TidewireState, 'closed'>,
  wasLive: boolean,
  listeningTo: string,
): string {
  switch (state) {
    case 'live':
      return wasLive ? 'live again' : `live: ${listeningTo}; Ctrl-C ends`
    case 'connecting':
      return 'connecting…'
    case 'recovering':
      return wasLive ? 'connection lost; reconnecting, nothing is missed' : 'fetching older events first'
    case 'polling':
      return 'the WebSocket cannot be reached; polling over HTTP until it can'
  }
}

function refused(error: ClientError | null): CliError {
  return new CliError(
    error === null
      ? 'the server ended the subscription'
      : `the server refused the subscription: ${error.detail} (${error.code})`,
  )
}
