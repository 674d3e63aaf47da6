import { channelProblem } from '#shared/core/channel.ts'
import type { Derived } from '#shared/domain/define-domain.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { EventDraft } from '#shared/pipeline/cloudevents/validate-event.ts'

/** The source of an event whose producer named none. */
export const DEFAULT_SOURCE = 'urn:tidewire:api'

export type CompleteDeps = {
  readonly catalog: Catalog
  readonly now: () => Date
  readonly newId: () => string
  /** Collects the ids that were made here: these cannot have been sent before. */
  readonly madeIds: Set<string>
  /** The trace of an event that names none. */
  readonly traceparent?: string
}

/**
 * Fills in what a producer may leave out: id, source and time, and what the catalog derives from type and data
 * (category, severity, partition key). An event of an unknown type without a category takes its type as the category.
 */
export function completeEvent(draft: EventDraft, deps: CompleteDeps): EventDraft {
  const { catalog, now, newId, madeIds, traceparent } = deps
  const definition = typeof draft.type === 'string' ? catalog.definitionOf(draft.type) : undefined
  const id = draft.id ?? newId()
  if (draft.id === undefined || draft.id === null) madeIds.add(String(id))
  const key = draft.partitionkey ?? whereFits(draft, definition?.key, catalog)
  return {
    specversion: '1.0',
    id,
    source: DEFAULT_SOURCE,
    type: draft.type,
    time: now().toISOString(),
    ...(traceparent !== undefined && { traceparent }),
    ...withoutNull(deriveCategory(draft, catalog)),
    ...(key !== undefined && { partitionkey: key }),
  }
}

/** `null` counts as left out, except as data. */
function withoutNull(draft: EventDraft): EventDraft {
  return Object.fromEntries(
    Object.entries(draft).filter(([name, value]) => value !== null || name === 'data'),
  )
}

/** Fills in the category and severity that the catalog derives of type and data; the same event always gets the same. */
export function deriveCategory(draft: EventDraft, catalog: Catalog): EventDraft {
  if (draft.category != null && draft.severity != null) return draft
  const definition = typeof draft.type === 'string' ? catalog.definitionOf(draft.type) : undefined
  const derive = (value: Derived<unknown> | undefined) =>
    typeof value === 'string' ? value : whereFits(draft, value?.of, catalog)
  return {
    ...draft,
    category: draft.category ?? derive(definition?.category) ?? typeAsCategory(draft.type),
    severity: draft.severity ?? derive(definition?.severity) ?? 'info',
  }
}

/** What is derived of data that fits the type's schema. Other data is refused later, with every fault named. */
function whereFits(
  { type, data }: EventDraft,
  derive: ((data: unknown) => string | undefined) | undefined,
  catalog: Catalog,
): string | undefined {
  if (derive === undefined || typeof type !== 'string') return undefined
  return catalog.issuesOf(type, data).length === 0 ? derive(data) || undefined : undefined
}

function typeAsCategory(type: unknown): string | undefined {
  return typeof type === 'string' && channelProblem(type) === null ? type : undefined
}
