import { basename } from 'node:path'
import { channelProblem } from '#shared/core/channel.ts'
import { usageError } from '../cli-error.ts'
import { castCell } from './cast-cell.ts'
import type { Mapping } from './map-record.ts'
import type { PublishJob } from './publish-file.ts'
import type { Format } from './sniff-format.ts'

/** The options of `tidewire publish` as commander reads them. */
export type PublishOptions = {
  readonly format?: Format
  readonly type?: string
  readonly category?: string
  readonly source?: string
  readonly subject?: string
  readonly subjectField?: string
  readonly partitionKey?: string
  readonly timeField?: string
  readonly idField?: string
  readonly set?: Readonly<Record<string, unknown>>
  readonly cast: boolean
  readonly concurrency: number
  readonly timeout: number
  readonly limit?: number
  readonly rate?: number
  readonly dryRun?: true
  readonly json?: true
}

const TIMING = { backoffMs: 250, lingerMs: 50, progressMs: 3000 }
/** A URI-reference has no spaces, control characters or the likes of `<`: https://www.rfc-editor.org/rfc/rfc3986#section-4.1 */
const URI_REFERENCE = /^(?:[A-Za-z0-9\-._~:/?#@!$&'()*+,;=[\]{}]|%[0-9A-Fa-f]{2})+$/

/** Turns the options into the job. Throws a usage error on one that cannot work. */
export function readPublishJob(file: string, options: PublishOptions): PublishJob {
  return {
    file,
    mapping: readMapping(file, options),
    read: { format: options.format, cast: options.cast },
    // Without one known key per event only a single lane keeps every order that the server may keep.
    lanes: options.partitionKey === undefined ? 1 : options.concurrency,
    limit: options.limit,
    rate: options.rate,
    timeoutMs: options.timeout * 1000,
    timing: TIMING,
  }
}

function readMapping(file: string, options: PublishOptions): Mapping {
  const {
    type,
    category,
    source,
    subject,
    subjectField,
    partitionKey,
    timeField,
    idField,
    set = {},
  } = options
  const refused = category === undefined || category.includes('{') ? null : channelProblem(category)
  if (refused !== null) throw usageError(`--category ${JSON.stringify(category)} ${refused}`)
  if (source !== undefined && !URI_REFERENCE.test(source))
    throw usageError(
      `--source ${JSON.stringify(source)} is no URI-reference such as urn:acme:billing or /billing`,
    )
  for (const [option, value] of Object.entries({
    type,
    subject,
    subjectField,
    partitionKey,
    timeField,
    idField,
  }))
    if (value?.trim() === '') throw usageError(`the option for ${option} is empty`)
  return {
    type,
    category,
    source: source ?? defaultSource(file),
    subject: subjectField === undefined ? subject : `{${subjectField}}`,
    partitionkey: partitionKey && `{${partitionKey}}`,
    id: idField && `{${idField}}`,
    timeField,
    set,
  }
}

/** The file's name without its folder, so that the same file has the same source from wherever it is published. */
function defaultSource(file: string): string {
  return `urn:tidewire:publish:${file === '-' ? 'stdin' : encodeURIComponent(basename(file))}`
}

/** Collects `--set field=value`. Throws a usage error where the `=` or the field is missing. */
export function collectSet(
  text: string,
  known: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const [, field, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (field === undefined || value === undefined)
    throw usageError(`--set ${JSON.stringify(text)} is not field=value`)
  return { ...known, [field]: castCell(value) }
}
