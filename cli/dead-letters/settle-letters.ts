import { createReadStream } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { confirm } from '../lib/ask.ts'
import { callApi } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { CliError, failureOf } from '../lib/cli-error.ts'
import type { Connection } from '../lib/connection.ts'
import { followReplay, printReplay, type Replay } from '../lib/follow-replay.ts'
import { isJsonObject } from '../lib/input/input-record.ts'
import { invalidAt, toUtf8 } from '../lib/input/to-utf8.ts'
import { countOf, formatCount, printable } from '../lib/printable.ts'
import { showTable } from '../lib/show-table.ts'

/** Which dead letters to replay or to discard, and how. */
export type SettleJob = {
  readonly verb: 'replay' | 'discard'
  /** The filter and what else the server is told. */
  readonly body: object
  readonly dryRun: boolean
  /** Do not ask. */
  readonly yes: boolean
  /** Do not wait until it is done. */
  readonly detach: boolean
  readonly json: boolean
}
type Selection = {
  readonly count: number
  readonly byCode: Readonly<Record<string, number>>
  readonly byTopic: Readonly<Record<string, number>>
}

/**
 * Replays or discards dead letters: counts them, asks, creates the job, and follows it until it is done. Throws CliError
 * if the server refuses, and a usage error if nobody can be asked.
 */
export async function settleLetters(
  job: SettleJob,
  connection: Connection,
  context: CliContext,
): Promise<void> {
  const { verb, json, dryRun } = job
  const selection = await callApi<Selection>(
    { ...callOf(job), body: { ...job.body, dryRun: true } },
    connection,
  )
  if (dryRun && json) return void context.stdout.write(`${JSON.stringify(selection)}\n`)
  if (dryRun) return showSelection(verb, selection, context)
  if (selection.count === 0) {
    context.stderr.write(`no dead letter matches: there is nothing to ${verb}\n`)
    if (json) context.stdout.write(`${JSON.stringify(selection)}\n`)
    return
  }
  const question = `${verb === 'replay' ? 'Replay' : 'Discard'} ${countOf(selection.count, 'dead letter')}?`
  if (!(await confirm(question, job.yes, context))) throw new CliError('nothing was done')
  await startSettling(job, connection, context)
}

/**
 * Returns the JSON object of a file, or of stdin for `-`: of UTF-8, or of UTF-16 with a byte order mark, as some shells
 * write it. Throws CliError, also for bytes that would be other letters.
 */
export async function readEvent(file: string, { stdin }: Pick<CliContext, 'stdin'>): Promise<object> {
  const written = await buffer(toUtf8(file === '-' ? stdin : createReadStream(file))).catch(
    (cause: unknown) => {
      if (cause instanceof CliError) throw cause
      throw new CliError(`cannot read ${file}: ${failureOf(cause).reason}`, { cause })
    },
  )
  const at = invalidAt(written)
  if (at !== null) throw new CliError(`${file} is not UTF-8 at byte ${at + 1}: save it as UTF-8`)
  try {
    const event = parseExactJson(written.toString())
    if (isJsonObject(event)) return event
  } catch (cause) {
    throw new CliError(`${file} is no JSON: ${failureOf(cause).reason}`, { cause })
  }
  throw new CliError(`${file} is not one event: it must be a JSON object`)
}

/** Creates the job without asking, and follows it until it is done. Throws CliError if the server refuses. */
export async function startSettling(
  job: SettleJob,
  connection: Connection,
  context: CliContext,
): Promise<void> {
  const { detach, json } = job
  const replay = await callApi<Replay>({ ...callOf(job), body: job.body }, connection)
  if (detach) return printReplay(replay, context, { json })
  await followReplay(replay, connection, context, { json })
}

function callOf({ verb }: SettleJob) {
  return { route: `POST /dead-letters/${verb}`, failure: `the dead letters cannot be ${verb}ed` }
}

function showSelection(verb: string, { count, byCode, byTopic }: Selection, context: CliContext): void {
  const rows = [
    ...Object.entries(byCode).map(([name, letters]) => ({ of: 'code', name, letters })),
    ...Object.entries(byTopic).map(([name, letters]) => ({ of: 'topic', name, letters })),
  ]
  context.stdout.write(`${countOf(count, 'dead letter')} to ${verb}; nothing was done\n`)
  showTable(
    [
      { title: 'BY', text: ({ of }) => of },
      { title: 'NAME', text: ({ name }) => printable(name) },
      { title: 'COUNT', text: ({ letters }) => formatCount(letters), align: 'right' },
    ],
    rows,
    context,
  )
}
