import { type Command, InvalidArgumentError } from 'commander'
import { channelProblem } from '#shared/core/channel.ts'
import { DEAD_LETTER_CODES, DEAD_LETTER_CONSUMERS, DEAD_LETTER_STATUSES } from '#shared/core/dead-letter.ts'
import { parseTimeOption } from '../lib/parse-time.ts'

/** Where a record is in Kafka. */
export type Position = { readonly topic: string; readonly partition: number; readonly offset: number }

/** The filter options of `tidewire dead-letters`, which its commands share. Lists are separated by commas. */
export type FilterOptions = {
  readonly topic?: string
  readonly code?: string
  readonly consumer?: string
  readonly status?: string
  readonly source?: string
  readonly type?: string
  readonly from?: string
  readonly to?: string
  readonly search?: string
}

const POSITION = /^([A-Za-z0-9._-]{1,249})\/(\d{1,9})[/@](\d{1,16})$/

/** Adds the filter options. */
export function addFilterOptions(command: Command): Command {
  return command
    .option('--topic <names>', 'only records of these topics')
    .option('--code <codes>', 'only with these error codes', listOf(DEAD_LETTER_CODES))
    .option('--consumer <names>', 'only what deliver, or fold, has found', listOf(DEAD_LETTER_CONSUMERS))
    .option('--status <names>', 'open, replayed, discarded (default: open)', listOf(DEAD_LETTER_STATUSES))
    .option('--source <sources>', 'only events of these sources')
    .option('--type <patterns>', 'only events of these types, such as port.*', parsePatterns)
    .option('--from <time>', 'not before this RFC 3339 time of the record', parseTimeOption)
    .option('--to <time>', 'not after this RFC 3339 time of the record', parseTimeOption)
    .option('--search <text>', 'only with this text in the reason, the key or the value')
}

/** Returns the filter as query parameters of `GET /dead-letters`. */
export function filterQuery(options: FilterOptions): Readonly<Record<string, string | undefined>> {
  const { topic, code, consumer, status, source, type, from, to, search } = options
  return { topic, code, consumer, status, source, type, from, to, q: search }
}

/** Returns the filter as the body of a replay has it. */
export function filterBody(options: FilterOptions, positions: readonly Position[] = []): object {
  const { from, to, search } = options
  const lists = ['topic', 'code', 'consumer', 'status', 'source', 'type'] as const
  const given = lists.flatMap((name) => {
    const text = options[name]
    return text === undefined ? [] : [[name, text.split(',')] as const]
  })
  return {
    ...Object.fromEntries(given),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(search !== undefined && { q: search }),
    ...(positions.length > 0 && { positions }),
  }
}

/** Returns the position of `<topic>/<partition>/<offset>`, also with an @ before the offset as events are shown. */
export function parsePosition(text: string): Position {
  const [, topic, partition, offset] = POSITION.exec(text) ?? []
  if (topic === undefined)
    throw new InvalidArgumentError('Give <topic>/<partition>/<offset>, such as events/0/12.')
  return { topic, partition: Number(partition), offset: Number(offset) }
}

/** Adds the position of one argument to those before it. */
export function collectPosition(text: string, known: readonly Position[] = []): readonly Position[] {
  return [...known, parsePosition(text)]
}

/** `events/0/12` */
export function positionText({ topic, partition, offset }: Position): string {
  return `${topic}/${partition}/${offset}`
}

function listOf(allowed: readonly string[]): (text: string) => string {
  return (text) => {
    if (text.split(',').every((each) => allowed.includes(each))) return text
    throw new InvalidArgumentError(`Allowed are ${allowed.join(', ')}, separated by commas.`)
  }
}

function parsePatterns(text: string): string {
  for (const pattern of text.split(',')) {
    const problem = channelProblem(pattern, { patterns: true })
    if (problem !== null) throw new InvalidArgumentError(`${JSON.stringify(pattern)} ${problem}.`)
  }
  return text
}
