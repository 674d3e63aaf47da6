import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeFileAtomically, writeFully } from './durable-files.ts'

type CommittedOffset = { offset: number; leaderEpoch: number; metadata: string | null }
export type OffsetEntry = CommittedOffset & { topic: string; partition: number }

/** The committed offsets of all consumer groups. */
export type OffsetStore = {
  groups(): string[]
  of(group: string): OffsetEntry[]
  find(group: string, topic: string, partition: number): CommittedOffset | undefined
  /** Stores offsets. They are in the file when this returns. */
  commit(group: string, entries: readonly OffsetEntry[]): void
  remove(group: string, partitions: readonly { topic: string; partition: number }[]): void
  removeGroup(group: string): void
  removeTopic(topic: string): void
  close(): void
}

type Change =
  | { group: string; commit: readonly OffsetEntry[] }
  | { group: string; remove: readonly { topic: string; partition: number }[] }
  | { removeGroup: string }
  | { removeTopic: string }

/** The journal is rewritten when it is opened and whenever it has grown by this much. */
const REWRITE_AFTER_BYTES = 4 * 1024 * 1024

/** Opens the journal of offsets: one JSON object per line and change. A killed process may leave a torn last line. */
export function openOffsetStore(path: string): OffsetStore {
  const offsets = new Map<string, Map<string, OffsetEntry>>()
  let file = -1
  let grown = 0

  const rewrite = (): void => {
    if (file >= 0) closeSync(file)
    const lines = [...offsets].map(([group, entries]) => line({ group, commit: [...entries.values()] }))
    writeFileAtomically(path, lines.join(''))
    file = openSync(path, 'a')
    grown = 0
  }
  const change = (made: Change): void => {
    const bytes = Buffer.from(line(made))
    writeFully(file, bytes, fstatSync(file).size)
    apply(offsets, made)
    grown += bytes.length
    if (grown > REWRITE_AFTER_BYTES) rewrite()
  }

  mkdirSync(dirname(path), { recursive: true })
  for (const made of readJournal(path)) apply(offsets, made)
  rewrite()

  return {
    groups: () => [...offsets.keys()],
    of: (group) => [...(offsets.get(group)?.values() ?? [])],
    find: (group, topic, partition) => offsets.get(group)?.get(keyOf(topic, partition)),
    commit: (group, entries) => change({ group, commit: entries }),
    remove: (group, partitions) => change({ group, remove: partitions }),
    removeGroup: (group) => change({ removeGroup: group }),
    removeTopic: (topic) => change({ removeTopic: topic }),
    close: () => closeSync(file),
  }
}

function apply(offsets: Map<string, Map<string, OffsetEntry>>, change: Change): void {
  if ('removeGroup' in change) offsets.delete(change.removeGroup)
  else if ('removeTopic' in change) {
    for (const entries of offsets.values()) {
      for (const [key, entry] of entries) if (entry.topic === change.removeTopic) entries.delete(key)
    }
  } else {
    const entries = offsets.get(change.group) ?? new Map<string, OffsetEntry>()
    offsets.set(change.group, entries)
    if ('commit' in change) {
      for (const entry of change.commit) entries.set(keyOf(entry.topic, entry.partition), entry)
    } else for (const { topic, partition } of change.remove) entries.delete(keyOf(topic, partition))
    if (entries.size === 0) offsets.delete(change.group)
  }
}

function readJournal(path: string): Change[] {
  if (!existsSync(path)) return []
  const content = readFileSync(path, 'utf8')
  const whole = content.slice(0, content.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Change)
}

/** A topic name contains no slash. */
function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

function line(change: Change): string {
  return `${JSON.stringify(change)}\n`
}
