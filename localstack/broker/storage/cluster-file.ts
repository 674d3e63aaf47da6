import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** Reads the state of a data directory, or starts a new cluster in it. */
export function openClusterFile(dataDir: string): ClusterFile {
  const path = join(dataDir, 'cluster.json')
  mkdirSync(dataDir, { recursive: true })
  const save = (state: ClusterState): ClusterState => {
    writeFileAtomically(path, `${JSON.stringify(state, null, 2)}\n`)
    return state
  }
  let state: ClusterState = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as ClusterState)
    : save({ clusterId: randomBytes(16).toString('base64url'), nextProducerId: 1000, topics: [] })

  return {
    get state() {
      return state
    },
    update(change) {
      state = save({ ...state, ...change })
    },
  }
}

const BLOCK = 1000

/** Returns a function that returns a new producer id, never one twice: a block is reserved in the file before it is used. */
export function createProducerIds(cluster: ClusterFile): () => number {
  let next = cluster.state.nextProducerId
  let reserved = next
  return () => {
    if (next === reserved) {
      reserved += BLOCK
      cluster.update({ nextProducerId: reserved })
    }
    next += 1
    return next - 1
  }
}
