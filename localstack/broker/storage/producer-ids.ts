import type { ClusterFile } from './cluster-file.ts'

const BLOCK = 1000

/** Gives out producer ids that are never repeated: a block is reserved in the cluster file before it is used. */
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
