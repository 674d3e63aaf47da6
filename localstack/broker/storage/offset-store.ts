import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Clock, systemClock } from '../../clock.ts'
import { DamagedDataError, isObject, readDataFile } from '../../trouble/damaged-data.ts'
import { createSteadyClock } from '../steady-clock.ts'
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
  /** Removes the groups that had no member and no commit for a week. `hasMembers` is asked of every group. */
  expire(hasMembers: (group: string) => boolean): void
  close(): void
}

type Change =
  /** `at`: ms since 1970; lines of older versions have none. */
  | { group: string; commit: readonly OffsetEntry[]; at?: number }
  | { group: string; remove: readonly { topic: string; partition: number }[] }
  | { removeGroup: string }
  | { removeTopic: string }

/** The journal is rewritten when it is opened and whenever it has grown by this much. */
const REWRITE_AFTER_BYTES = 4 * 1024 * 1024

/** As `offsets.retention.minutes` of Kafka. */
const RETENTION_MS = 7 * 86_400_000
/** Membership does not survive a restart: members have this long to come back. */
const RETURN_MS = 3_600_000

/**
 * Opens the journal of offsets: one JSON object per line and change. A killed process may leave a torn last line. Throws
 * DamagedDataError if another line is none of the journal.
 */
export function openOffsetStore(path: string, clock: Clock = systemClock): OffsetStore {
  const steadyNow = createSteadyClock(clock)
  /** When a group had a member or a commit, ms since 1970. */
  const usedAt = new Map<string, number>()
  const offsets = new Map<string, Map<string, OffsetEntry>>()
  let file = -1
  let grown = 0

  const rewrite = (): void => {
    const lines = [...offsets].map(([group, entries]) =>
      line({ group, commit: [...entries.values()], at: usedAt.get(group) ?? clock.now() }),
    )
    writeFileAtomically(path, lines.join(''))
    const former = file
    file = openSync(path, 'a')
    if (former >= 0) closeSync(former)
    grown = 0
  }
  /** What is written stays written: a journal that cannot be shortened now is shortened later. */
  const tryRewrite = (): void => {
    try {
      rewrite()
    } catch {
      grown = 0
    }
  }
  const change = (made: Change): void => {
    const bytes = Buffer.from(line(made))
    writeFully(file, bytes, fstatSync(file).size)
    apply(offsets, made)
    grown += bytes.length
    if (grown > REWRITE_AFTER_BYTES) tryRewrite()
  }

  const removeGroup = (group: string): void => {
    change({ removeGroup: group })
    usedAt.delete(group)
  }

  mkdirSync(dirname(path), { recursive: true })
  const earliest = clock.now() - RETENTION_MS + RETURN_MS
  for (const made of readJournal(path)) {
    apply(offsets, made)
    if ('commit' in made) usedAt.set(made.group, Math.max(earliest, made.at ?? clock.now()))
  }
  rewrite()

  return {
    groups: () => [...offsets.keys()],
    of: (group) => [...(offsets.get(group)?.values() ?? [])],
    find: (group, topic, partition) => offsets.get(group)?.get(keyOf(topic, partition)),
    commit(group, entries) {
      const at = clock.now()
      change({ group, commit: entries, at })
      usedAt.set(group, at)
    },
    remove: (group, partitions) => change({ group, remove: partitions }),
    removeGroup,
    removeTopic: (topic) => change({ removeTopic: topic }),
    expire(hasMembers) {
      const now = steadyNow()
      for (const group of [...offsets.keys()]) {
        if (hasMembers(group)) usedAt.set(group, now)
        else if (now - (usedAt.get(group) ?? now) > RETENTION_MS) removeGroup(group)
      }
    },
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

const REMEDY =
  'Delete that line: what it says is forgotten. Or delete the file: consumer groups begin again where they began at first.'

function readJournal(path: string): Change[] {
  const content = readDataFile(path, REMEDY) ?? ''
  const whole = content.slice(0, content.lastIndexOf('\n') + 1)
  return whole.split('\n').flatMap((text, index) => (text === '' ? [] : [readLine(path, text, index + 1)]))
}

function readLine(path: string, text: string, number: number): Change {
  const change = parse(text)
  if (!isChange(change)) throw new DamagedDataError(path, `line ${number} is no change of offsets`, REMEDY)
  return change
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isChange(value: unknown): value is Change {
  if (!isObject(value)) return false
  const { group, commit, remove, removeGroup, removeTopic } = value
  if (typeof removeGroup === 'string' || typeof removeTopic === 'string') return true
  const entries = commit ?? remove
  return (
    typeof group === 'string' &&
    Array.isArray(entries) &&
    entries.every(
      (entry) =>
        isObject(entry) &&
        typeof entry.topic === 'string' &&
        Number.isSafeInteger(entry.partition) &&
        (commit === undefined || Number.isSafeInteger(entry.offset)),
    )
  )
}

/** A topic name contains no slash. */
function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

function line(change: Change): string {
  return `${JSON.stringify(change)}\n`
}
