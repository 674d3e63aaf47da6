import type { CloudEvent } from '#shared/core/event.ts'
import type { Fault } from '#shared/core/refusal.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'

/** After so many faults the rest is not told: an answer that long helps nobody. */
const MAX_FAULTS = 100

/**
 * What the catalog asks of an event: that `data` fits its type's schema. Bytes cannot be checked, so `data_base64` is
 * refused under a type of the catalog; folds and other consumers rely on `data`. Where the deployment refuses types
 * that no domain defines, so does this.
 */
export function checkData(event: CloudEvent, catalog: Catalog): Fault[] {
  const definition = catalog.definitionOf(event.type)
  if (definition === undefined) {
    if (catalog.unknownTypes === 'accept') return []
    return [{ pointer: '/type', detail: 'is not a type of the catalog; GET /catalog lists them.' }]
  }
  if (event.data_base64 !== undefined) {
    const detail = `must be left out: send "data" as JSON (in binary mode with a JSON content type), since "${event.type}" has a schema.`
    return [{ pointer: '/data_base64', detail }]
  }
  const issues = catalog.issuesOf(event.type, event.data).slice(0, MAX_FAULTS)
  return issues.map(({ path, message }) => ({
    pointer: ['/data', ...path.map(escapePointer)].join('/'),
    detail: valueAt(event.data, path) === undefined ? 'is required: add it.' : `is not right: ${message}.`,
  }))
}

function escapePointer(name: PropertyKey): string {
  return String(name).replaceAll('~', '~0').replaceAll('/', '~1')
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (value as Record<PropertyKey, unknown> | null | undefined)?.[name],
    data,
  )
}
