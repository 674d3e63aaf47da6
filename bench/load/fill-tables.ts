import { keyOfItem } from '../../localstack/dynamodb/operations/item-key.ts'
import { openTables } from '../../localstack/dynamodb/storage/open-tables.ts'
import type { StoredTable } from '../../localstack/dynamodb/storage/stored-table.ts'
import { parseItem } from '../../localstack/dynamodb/values/attribute-value.ts'

type Json = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>

export type Filling = {
  /** The file of tables that are not in use. */
  readonly file: string
  /** How many events to add to the log, each with its claim. */
  readonly events: number
  /** When they expire, in seconds since the epoch. */
  readonly expires: number
}

const AT_ONCE = 5000

/**
 * Adds events to the log and their claims to the tables of a stopped stack: to each stream that has one, above its last,
 * as copies of that one. Heads stay as they are; the next batch moves them. Throws an error if there is no stream.
 */
export function fillTables({ file, events, expires }: Filling): void {
  const tables = openTables(file)
  const find = (end: string): StoredTable => {
    const table = tables.all().find(({ definition }) => definition.name.endsWith(end))
    if (table === undefined) throw new Error(`there is no table *${end} in ${file}`)
    return table
  }
  const [log, claims] = [find('-log'), find('-claims')]
  const lastOf = new Map<string, Json>()
  for (const { json } of log.scan(null)) {
    const item = JSON.parse(json) as Json
    const stream = item.stream?.S ?? ''
    if (stream.startsWith('heads#') || item.event === undefined) continue
    const offset = Number(lastOf.get(stream)?.offset?.N ?? -1)
    if (Number(item.offset?.N) > offset) lastOf.set(stream, item)
  }
  if (lastOf.size === 0) throw new Error(`no event is stored in ${file}`)
  const streams = [...lastOf.values()]
  const perStream = Math.ceil(events / streams.length)
  for (const [index, last] of streams.entries())
    for (let first = 1; first <= perStream; first += AT_ONCE)
      tables.atomically(() => {
        for (let number = first; number < Math.min(first + AT_ONCE, perStream + 1); number++) {
          put(log, { ...last, offset: { N: String(Number(last.offset?.N) + number) } }, expires)
          put(claims, claimOf(`filled-${index}-${number}`, last, number), expires)
        }
      })
  tables.close()
}

/** The claim of a copy, as the claim store writes it. */
function claimOf(id: string, { stream, offset }: Json, number: number): Json {
  const [, topic = '', epoch = '', partition = '0'] = /^(.+)@(.+):(\d+)$/.exec(stream?.S ?? '') ?? []
  return {
    id: { S: id },
    source: { S: '/tidewire-bench' },
    topic: { S: topic },
    epoch: { S: epoch },
    partition: { N: partition },
    offset: { N: String(Number(offset?.N) + number) },
  }
}

function put(table: StoredTable, item: Json, expires: number): void {
  const json = JSON.stringify({ ...item, expires: { N: String(expires) } })
  table.put(keyOfItem(table.definition, parseItem(JSON.parse(json))), { json, size: json.length, expires })
}
