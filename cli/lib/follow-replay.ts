import { callApi } from './call-api.ts'
import type { CliContext } from './cli-context.ts'
import { CliError, EXIT_CODES } from './cli-error.ts'
import type { Connection } from './connection.ts'
import { countOf, formatCount, printable } from './printable.ts'
import { showProgress } from './show-progress.ts'

/** A job as `GET /replays/{id}` returns it. Times are milliseconds since 1970. */
export type Replay = {
  readonly id: string
  readonly kind: 'dead-letters' | 'discard' | 'events' | 'views'
  readonly status: 'waiting' | 'running' | 'paused' | 'done' | 'cancelled' | 'failed'
  readonly by: string
  readonly created: number
  readonly changed: number
  readonly rate: number
  readonly total: number
  readonly done: number
  readonly skipped: number
  readonly failed: number
  readonly error?: string
  /** Of a new one: what its posts are signed with. */
  readonly secret?: string
}

const POLL_MS = 1000
const LINES_MS = 5000
const ENDED: ReadonlySet<Replay['status']> = new Set(['done', 'cancelled', 'failed'])
/** What a job does with what it counts. */
const WORDS: Readonly<Record<Replay['kind'], { readonly noun: string; readonly verb: string }>> = {
  'dead-letters': { noun: 'dead letter', verb: 'replayed' },
  discard: { noun: 'dead letter', verb: 'discarded' },
  events: { noun: 'event', verb: 'sent' },
  views: { noun: 'record', verb: 'folded' },
}

/**
 * Shows the progress of a job on stderr until it ends, and then what it did on stdout, or the job as JSON. The exit code
 * is 1 if it failed or a part of it did. Throws CliError when the command is interrupted: the job goes on.
 */
export async function followReplay(
  job: Replay,
  connection: Connection,
  context: CliContext,
  { json = false } = {},
): Promise<void> {
  const { clock, signal, stderr } = context
  let current = job
  let isSaid = false
  const view = showProgress({
    stderr,
    everyMs: LINES_MS,
    words: WORDS[job.kind],
    read: () => ({ share: shareOf(current), done: current.done }),
  })
  try {
    while (!ENDED.has(current.status)) {
      await clock.sleep(POLL_MS, signal)
      current = { ...job, ...(await readReplay(job.id, connection)) }
      if (current.status === 'paused' && !isSaid)
        view.note(`paused; continue with: tidewire replay resume ${current.id}`)
      isSaid = current.status === 'paused'
    }
  } catch (cause) {
    if (!signal.aborted) throw cause
    throw new CliError(
      `the replay ${current.id} goes on without this command; follow it with: tidewire replay show ${current.id} --follow`,
      { cause, exitCode: EXIT_CODES.interrupted },
    )
  } finally {
    view.stop()
  }
  printReplay(current, context, { json })
  if (current.status === 'failed' || current.failed > 0) context.setExitCode(EXIT_CODES.failed)
}

/** Returns a job. Throws CliError with the server's reason. */
export function readReplay(id: string, connection: Connection): Promise<Replay> {
  const route = `GET /replays/${encodeURIComponent(id)}`
  return callApi<Replay>({ route, failure: `the replay ${id} cannot be read` }, connection)
}

/** Prints a job as one line, or as JSON. */
export function printReplay(
  job: Replay,
  { stdout }: Pick<CliContext, 'stdout'>,
  { json = false } = {},
): void {
  stdout.write(`${json ? JSON.stringify(job) : printable(describeReplay(job))}\n`)
}

/** What a job did so far: `replay r1 is done: 2,999 of 3,000 dead letters replayed, 0 skipped, 1 failed`. */
function describeReplay({ id, kind, status, total, done, skipped, failed, error }: Replay): string {
  const { noun, verb } = WORDS[kind]
  const counts = `${formatCount(done)} of ${countOf(total, noun)} ${verb}, ${formatCount(skipped)} skipped, ${formatCount(failed)} failed`
  return `replay ${id} is ${status}: ${counts}${error === undefined ? '' : `: ${error}`}`
}

function shareOf({ total, done, skipped, failed }: Replay): number {
  return total === 0 ? 0 : Math.min(1, (done + skipped + failed) / total)
}
