import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ArchivedRecord,
  type FileRange,
  rangeOf,
  unpackRecords,
} from '#shared/pipeline/archive/archive-file.ts'
import { CliError, failureOf } from '../lib/cli-error.ts'

/** A file of an archive, and what it has. */
export type ArchiveFile = FileRange & { readonly path: string }

/** The files of a partition, in the order of their first offsets. */
export type ArchivePartition = readonly ArchiveFile[]

/**
 * Returns the partitions that a folder has files of: of these topics, or of all. Throws CliError if it cannot be read, or
 * has none.
 */
export async function findPartitions(
  folder: string,
  topics: readonly string[] | undefined,
): Promise<readonly ArchivePartition[]> {
  const paths = await readdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new CliError(`cannot read ${folder}: ${failureOf(cause).reason}`, { cause })
  })
  const files = paths.sort().flatMap((path): ArchiveFile[] => {
    const full = join(folder, path)
    // The folder may be the one of a topic, whose name is then only in its own path.
    const range = rangeOf(full.replaceAll('\\', '/'))
    return range && (topics?.includes(range.topic) ?? true) ? [{ ...range, path: full }] : []
  })
  if (files.length === 0)
    throw new CliError(
      `${folder} has no files of ${topics ? `the topics ${topics.join(', ')} in an archive` : 'an archive'}, such as ${EXAMPLE}; get them with aws s3 sync`,
    )
  return [...Map.groupBy(files, ({ topic, partition }) => `${topic}/${partition}`).values()]
}

const EXAMPLE = 'port-events/2/00000000000000481200-00000000000000481876.ndjson.gz'

/**
 * Yields the records of a partition, each once although files overlap. One file at a time is in memory. Throws CliError
 * if one cannot be read.
 */
export async function* readPartition(files: ArchivePartition): AsyncGenerator<ArchivedRecord> {
  const known = new Map<number, Set<number>>()
  for (const { path, first } of files) {
    // No later file has what is below the first offset of this one.
    for (const offset of known.keys()) if (offset < first) known.delete(offset)
    for (const record of await readRecords(path)) {
      const times = known.get(record.offset) ?? new Set()
      if (times.has(record.timestamp)) continue
      known.set(record.offset, times.add(record.timestamp))
      yield record
    }
  }
}

async function readRecords(path: string): Promise<readonly ArchivedRecord[]> {
  try {
    return unpackRecords(await readFile(path))
  } catch (cause) {
    throw new CliError(`${path} is no file of an archive: ${failureOf(cause).reason}; download it again`, {
      cause,
    })
  }
}
