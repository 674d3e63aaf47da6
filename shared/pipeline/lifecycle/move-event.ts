import { assertMay, mayActOn } from '#shared/core/access/authorize.ts'
import { type Action, ALL_ACTIONS } from '#shared/core/access/policy.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { MOVE_SOURCE } from '#shared/core/move-source.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Move } from '#shared/domain/define-domain.ts'
import { type AcceptDeps, accept, type Receipt } from '#shared/pipeline/accept/accept.ts'
import { type Binding, bindRequest } from '#shared/pipeline/accept/idempotency-key.ts'
import { assertPeople } from '#shared/pipeline/people/assert-people.ts'
import type { PersonStore } from '#shared/pipeline/people/person-store.ts'
import type { EventLog } from '#shared/pipeline/ports.ts'
import type { ViewStore } from '#shared/pipeline/views/view-store.ts'
import { entityTag, passesIfMatch } from './entity-tag.ts'
import { type FoundEvent, type RequireDeps, requireEvent, type WantedEvent } from './find-event.ts'
import { type EventState, loadState } from './get-event.ts'
import { type KeptLifecycle, moveChannel } from './lifecycles.ts'

/** A requested move. `keyed` is present if the request has an Idempotency-Key. */
export type MoveCommand = WantedEvent & {
  readonly move: string
  readonly body: Readonly<Record<string, unknown>>
  readonly principal: Principal
  readonly ifMatch?: string | undefined
  readonly traceparent?: string
  readonly keyed?: { readonly binding: Binding; readonly newId: () => string } | undefined
}
export type MoveDeps = RequireDeps &
  AcceptDeps & { readonly viewStore: ViewStore; readonly people: Pick<PersonStore, 'find'> }

/** Where the move was written, and the state after it; null if it was not folded in time. */
export type Moved = { readonly receipt: Receipt; readonly state: EventState | null }

/** The maximum wait for each of the event, the state before the move and the state after it. */
const PATIENCE_MS = 4000

/**
 * Makes a lifecycle move: judges it by the known state, writes it into the partition of its event, and waits until the
 * fold has applied it, so that the next move is judged by it. Returns the receipt and the state after the move. Throws
 * Refusal: `not_found` for an unknown event or move, `forbidden`, `precondition_failed`, `invalid_event` for a wrong
 * body or a name that nobody has, `conflict` with the reason if the state forbids it (or the log, of two moves at once), `unavailable` if the
 * event or its state is not known in time.
 */
export async function moveEvent(command: MoveCommand, deps: MoveDeps): Promise<Moved> {
  const found = await requireEvent(command, PATIENCE_MS, deps)
  const kept = lifecycleOf(found, command, deps)
  const move = moveOf(kept, command)
  assertMayMove(kept, found, command)
  assertCounts(found, command)
  const moveId = (command.keyed ?? deps).newId()
  const receipt = (await findRepeat(moveId, command, deps)) ?? (await writeMove(moveId))
  const state = await loadState(found, kept, { offset: receipt.offset, withinMs: PATIENCE_MS }, deps)
  const event = { id: receipt.id, source: receipt.source, type: '' }
  const problem = state && kept.lifecycle.moveProblem(state.state, event)
  if (problem) throw new Refusal('conflict', problem)
  return { receipt, state }

  async function writeMove(id: string): Promise<Receipt> {
    const state = await stateBefore(found, kept, deps)
    if (!passesIfMatch(command.ifMatch, entityTag(state)))
      throw new Refusal(
        'precondition_failed',
        'The event has changed since you read it; read it again and look whether the move still makes sense.',
      )
    const event = decide({ id, found, move, state: state.state, command, at: deps.clock.now() })
    await assertPeople(command.body, move.people ?? [], deps.people)
    return write(event, found, command, deps)
  }
}

function lifecycleOf({ event }: FoundEvent, { move }: MoveCommand, { lifecycles }: MoveDeps): KeptLifecycle {
  const kept = lifecycles.of(event.category)
  if (kept) return kept
  const what = lifecycles.isMove(event.category)
    ? 'This event is itself a move of a lifecycle'
    : `Events of the category "${event.category}" have no lifecycle`
  throw new Refusal('conflict', `${what}; there is nothing to ${move}.`)
}

function moveOf({ lifecycle }: KeptLifecycle, { move }: MoveCommand): Move {
  const known = Object.hasOwn(lifecycle.moves, move) ? lifecycle.moves[move] : undefined
  if (known) return known
  const names = new Intl.ListFormat('en').format(Object.keys(lifecycle.moves))
  throw new Refusal('not_found', `There is no move "${move}" here; this event takes ${names}.`)
}

/** Throws Refusal `forbidden` unless the policy lets the principal make this move with this event. */
function assertMayMove(
  { domain }: KeptLifecycle,
  { event }: FoundEvent,
  { principal, move }: MoveCommand,
): void {
  const action = actionOf(domain, move)
  assertMay(principal, action)
  if (mayActOn(principal, action, event.category ?? '', event.type)) return
  throw new Refusal('forbidden', `These credentials are not granted "${action}" on "${event.category}".`)
}

/** Throws Refusal `conflict` for an event that moves nothing: it has no state, and no move would give it one. */
function assertCounts({ ahead, event }: FoundEvent, { move }: MoveCommand): void {
  if (ahead !== true) return
  const detail = `The time of this event, ${event.time}, was too far ahead of the log when it came in, so it moves nothing and there is nothing to ${move}. Correct the producer's clock, and send it again under another id.`
  throw new Refusal('conflict', detail)
}

/** Returns the action of the policy for a move. Throws if it has no line: tests/repository/policy.test.ts finds that. */
function actionOf(domain: string, move: string): Action {
  const name = `move.${domain}.${move}`
  const action = ALL_ACTIONS.find((known) => known === name)
  if (action) return action
  throw new Error(`shared/core/access/policy.ts has no line for ${name}`)
}

async function stateBefore(found: FoundEvent, kept: KeptLifecycle, deps: MoveDeps): Promise<EventState> {
  const state = await loadState(found, kept, { offset: found.offset, withinMs: PATIENCE_MS }, deps)
  if (state) return state
  const detail = 'The state of this event is not known yet; nothing was written. Send the request again.'
  throw new Refusal('unavailable', detail, { retryAfterSeconds: 2 })
}

/** Where the same request was written before, if it was: then it is not judged again, and gets the same receipt. */
async function findRepeat(id: string, { keyed }: MoveCommand, { claims }: MoveDeps): Promise<Receipt | null> {
  if (keyed === undefined) return null
  const [known] = await claims.find([{ id, source: MOVE_SOURCE }])
  if (!known) return null
  await bindRequest(keyed.binding, claims)
  const { topic, partition, offset } = known
  return { id, source: MOVE_SOURCE, topic, partition, offset }
}

type Decision = {
  readonly id: string
  readonly found: FoundEvent
  readonly move: Move
  readonly state: unknown
  readonly command: MoveCommand
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** Returns the event that a move writes. Throws Refusal if the domain refuses the move. */
function decide({ id, found: { event }, move, state, command, at: atMs }: Decision): CloudEvent {
  const { principal, body, traceparent } = command
  const at = new Date(atMs).toISOString()
  const decision = move.decide(state, { by: principal.name, at, body })
  if ('refused' in decision)
    throw new Refusal(decision.invalid ? 'invalid_event' : 'conflict', decision.refused)
  return {
    specversion: '1.0',
    id,
    source: MOVE_SOURCE,
    type: decision.type,
    subject: event.id,
    subjectsource: event.source,
    time: at,
    category: moveChannel(event.category ?? ''),
    severity: 'info',
    partitionkey: event.partitionkey ?? event.subject ?? event.id,
    datacontenttype: 'application/json',
    ...(traceparent !== undefined && { traceparent }),
    data: decision.data,
  }
}

/** Writes into the partition of the event itself, however that partition was chosen. */
async function write(
  event: CloudEvent,
  { partition }: FoundEvent,
  { keyed }: MoveCommand,
  { kafka, ...deps }: MoveDeps,
): Promise<Receipt> {
  const samePartition: EventLog = {
    append: (records) => kafka.append(records.map((record) => ({ ...record, partition }))),
  }
  const madeIds = keyed ? new Set<string>() : new Set([event.id])
  const [receipt] = await accept([event], madeIds, { ...deps, kafka: samePartition }, keyed?.binding)
  if (receipt === undefined) throw new Error(`no receipt for the move ${event.id}`)
  return receipt
}

const MAX_BODY_BYTES = 10_000
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Returns the body of a move request: a JSON object, empty if there is none. Throws Refusal `malformed` or
 * `too_large`.
 */
export function readMoveBody(body: Uint8Array): Readonly<Record<string, unknown>> {
  if (body.length > MAX_BODY_BYTES)
    throw new Refusal('too_large', `The body is larger than ${MAX_BODY_BYTES} bytes; send a smaller one.`)
  const json = body.length === 0 ? {} : parse(body)
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>
  throw new Refusal('malformed', 'The body must be a JSON object such as {"note": "seen on site"}, or empty.')
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(body))
  } catch (cause) {
    throw new Refusal('malformed', 'The body is not JSON: correct its syntax, or leave it out.', { cause })
  }
}
