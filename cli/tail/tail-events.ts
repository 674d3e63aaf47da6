import type { Tidewire } from '#shared/client/connect.ts'
import type { ConnectOptions } from '#shared/client/options.ts'
import type { ClientError } from '#shared/client/subscriber.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { Interest } from '#shared/core/interest.ts'
import type { Since } from '#shared/core/messages.ts'
import { keyRefused } from '../check-access.ts'
import type { CliContext } from '../cli-context.ts'
import { CliError } from '../cli-error.ts'
import type { Connection } from '../connection-options.ts'
import { countOf, printable } from '../printable.ts'
import { createEventFormatter } from './format-event.ts'
import { narrate } from './narrate.ts'

export type TailJob = {
  readonly interest: Interest
  readonly since: Since
  readonly limit: number | undefined
  readonly json: boolean
}

type Connect = (options: ConnectOptions) => Pick<Tidewire, 'subscribe' | 'close'>

/** A line is at least this wide where the terminal does not say. */
const DEFAULT_WIDTH = 160

/**
 * Prints events as they come until the limit is reached, the command is interrupted, or the server refuses.
 * Events go to stdout, states and gaps to stderr. Throws CliError on a refusal.
 */
export async function tailEvents(
  job: TailJob,
  connection: Connection,
  context: CliContext,
  connect: Connect,
): Promise<void> {
  const { promise: finished, resolve: finish, reject: fail } = Promise.withResolvers<void>()
  const note = (line: string): boolean => context.stderr.write(`${printable(line)}\n`)
  const narrator = narrate(note, `${job.interest.channels.join(', ')} since ${job.since}`)
  const printer = createPrinter(job, context, finish)
  let lastError: ClientError | null = null
  const onError = (error: ClientError): void => {
    lastError = error
    if (error.code === 'http_401') fail(keyRefused())
    // A refusal closes the subscription in the same breath, and then it is the error that the command ends with.
    else setImmediate(() => lastError === error && narrator.error(error))
  }
  if (context.signal.aborted) finish()
  context.signal.addEventListener('abort', () => finish(), { once: true })
  const { url, socketUrl, apiKey } = connection
  const client = connect({ httpUrl: url, socketUrl, credentials: { apiKey }, onError })
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
  // https://no-color.org: set and not empty means no colour.
  const color = stdout.isTTY === true && !env.NO_COLOR
  const format = job.json
    ? (positioned: PositionedEvent) => JSON.stringify(positioned)
    : createEventFormatter({ color, width: stdout.columns ?? DEFAULT_WIDTH })
  let printed = 0
  return {
    printed: () => printed,
    print: (positioned: PositionedEvent): void => {
      // The client may hand on the rest of a page after the last one wanted.
      if (printed === job.limit || signal.aborted) return
      stdout.write(`${format(positioned)}\n`)
      if (++printed === job.limit) finish()
    },
  }
}

function refused(error: ClientError | null): CliError {
  return new CliError(
    error === null
      ? 'the server ended the subscription'
      : `the server refused the subscription: ${error.detail} (${error.code})`,
  )
}
