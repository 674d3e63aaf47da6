import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DamagedDataError, isObject, readDataObject } from '../../trouble/damaged-data.ts'
import { writeFileAtomically } from './durable-files.ts'

export type StoredTopic = { name: string; id: string; partitions: number; configs: Record<string, string> }

type ClusterState = {
  clusterId: string
  /** Every producer id that was ever returned is below this one. */
  nextProducerId: number
  topics: StoredTopic[]
}

/** The broker's state apart from records and offsets, in one file that is replaced as a whole. */
export type ClusterFile = {
  readonly state: Readonly<ClusterState>
  update(change: Partial<ClusterState>): void
}

const REMEDY = 'Put a copy of it back: without its list of topics their records cannot be found.'

/**
 * Reads the state of a data directory, or starts a new cluster in it. Throws DamagedDataError if the file is not one of
 * this broker, or is missing although there are records, which would be taken for those of deleted topics.
 */
export function openClusterFile(dataDir: string): ClusterFile {
  const path = join(dataDir, 'cluster.json')
  mkdirSync(dataDir, { recursive: true })
  const save = (state: ClusterState): ClusterState => {
    writeFileAtomically(path, `${JSON.stringify(state, null, 2)}\n`)
    return state
  }
  let state: ClusterState =
    readState(path, join(dataDir, 'topics')) ??
    save({ clusterId: randomBytes(16).toString('base64url'), nextProducerId: 1000, topics: [] })

  return {
    get state() {
      return state
    },
    update(change) {
      state = save({ ...state, ...change })
    },
  }
}

function readState(path: string, topicsDir: string): ClusterState | undefined {
  const found = readDataObject(path, REMEDY)
  if (!found) {
    const hasRecords = existsSync(topicsDir) && readdirSync(topicsDir).length > 0
    if (hasRecords) throw new DamagedDataError(path, 'it is missing', REMEDY)
    return undefined
  }
  const { clusterId, nextProducerId, topics } = found
  const isWhole =
    typeof clusterId === 'string' &&
    Number.isSafeInteger(nextProducerId) &&
    Array.isArray(topics) &&
    topics.every(isStoredTopic)
  if (!isWhole) throw new DamagedDataError(path, 'its members are not those of a cluster', REMEDY)
  return found as ClusterState
}

function isStoredTopic(value: unknown): value is StoredTopic {
  if (!isObject(value)) return false
  const { name, id, partitions, configs } = value
  return (
    typeof name === 'string' &&
    typeof id === 'string' &&
    /^[\da-f]{32}$/.test(id) &&
    Number.isSafeInteger(partitions) &&
    Number(partitions) > 0 &&
    isObject(configs) &&
    Object.values(configs).every((config) => typeof config === 'string')
  )
}

const BLOCK = 1000

/** Returns a function that returns a new producer id, never one twice: a block is reserved in the file before it is used. */
export function createProducerIds(cluster: ClusterFile): () => number {
  let next = cluster.state.nextProducerId
  let reserved = next
  return () => {
    if (next === reserved) {
      cluster.update({ nextProducerId: reserved + BLOCK })
      reserved += BLOCK
    }
    next += 1
    return next - 1
  }
}
