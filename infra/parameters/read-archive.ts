import * as z from 'zod'
import { text } from './fields.ts'

/** The archive of a stage, with the days after which its files expire; null keeps them. A stage without one has null. */
export type ArchiveChoice = { readonly days: number | null } | null

const MOST_DAYS = 36_500
const DAYS_PROBLEM = `must be a whole number of days from 1 to ${MOST_DAYS}`

/** The parameters of the archive, for a schema. */
export const archiveFields = {
  archive: z.preprocess(
    (value) => String(value ?? '') || 'false',
    z.enum(['true', 'false'], 'must be true or false'),
  ),
  archiveDays: text
    .refine((value) => /^\d{0,5}$/.test(value) && Number(value || 1) >= 1, DAYS_PROBLEM)
    .refine((value) => Number(value) <= MOST_DAYS, DAYS_PROBLEM),
}

type ArchiveValues = z.infer<z.ZodObject<typeof archiveFields>>

/** Returns the archive that a stage has. Throws an error of one line for days without an archive. */
export function readArchive({ archive, archiveDays }: ArchiveValues): ArchiveChoice {
  const days = archiveDays === '' ? null : Number(archiveDays)
  if (archive === 'true') return { days }
  if (days !== null) throw new Error('archiveDays: needs an archive: --param=archive=true (docs/archive.md)')
  return null
}
