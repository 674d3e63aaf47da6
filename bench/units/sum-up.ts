import type { Row } from '../measure/measure.ts'
import { round } from '../measure/measure.ts'
import type { Seam } from './counting-proxy.ts'

const READS: readonly string[] = ['GetItem', 'BatchGetItem', 'Query', 'Scan']
const PREFIX = /^tidewire-[a-z]+-/

export type Sum = { calls: number; read: number; write: number; areKnown: boolean }

/** Adds up requests; the units are known if the server told all of them. */
export function sumOf(seams: readonly Seam[]): Sum {
  const sum: Sum = { calls: 0, read: 0, write: 0, areKnown: true }
  for (const { operation, tables } of seams) {
    sum.calls++
    for (const units of Object.values(tables)) {
      if (units === null) sum.areKnown = false
      else if (READS.includes(operation)) sum.read += units
      else sum.write += units
    }
  }
  return sum
}

/** Returns a row for each table and operation, most calls first. A batch over two tables is a call in both. */
export function byTable(seams: readonly Seam[], events: number): Row[] {
  const groups = new Map<string, { calls: number; units: number; areKnown: boolean }>()
  for (const { operation, tables } of seams)
    for (const [table, units] of Object.entries(tables)) {
      const key = `${table.replace(PREFIX, '')} ${operation}`
      const group = groups.get(key) ?? { calls: 0, units: 0, areKnown: true }
      groups.set(key, {
        calls: group.calls + 1,
        units: group.units + (units ?? 0),
        areKnown: group.areKnown && units !== null,
      })
    }
  return [...groups]
    .sort(([, a], [, b]) => b.calls - a.calls)
    .map(([key, { calls, units, areKnown }]) => {
      const [table = '', operation = ''] = key.split(' ')
      return {
        table,
        operation,
        'calls per event': round(calls / events),
        'units per event': areKnown ? round(units / events) : 'unknown',
      }
    })
}
