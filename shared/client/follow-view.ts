import type { View } from '#shared/domain/define-domain.ts'
import { type Backoff, createBackoff } from './backoff.ts'
import type { TidewireState } from './client-state.ts'
import type { Clock } from './clock.ts'
import type { ReceivedEvent, SubscribeHandlers, SubscribeRequest } from './create-subscriber.ts'
import { PageError } from './fetch-json.ts'
import type { FetchView, ViewAddress, ViewSnapshot } from './fetch-view.ts'
import type { ClientError } from './subscriber.ts'
import { applyToParts, createViewParts, resetParts, statesOf, type ViewParts } from './view-parts.ts'

/**
 * `loading`: nothing to be relied on yet. `stale`: it may lag behind, because the connection is down or the snapshot is
 * being read anew. `refused`: the server does not give it, and it is not asked for again.
 */
export type ViewStatus = 'loading' | 'live' | 'stale' | 'refused'

/** A view at one moment: the same object as long as nothing has changed. */
export type ViewMoment<State> = {
  /** The merged state of each key; a view without keys has one, under "". */
  readonly states: ReadonlyMap<string, State>
  readonly status: ViewStatus
  /** When the states last changed, in epoch milliseconds; null before the first snapshot. */
  readonly updatedAt: number | null
}
export type FollowedView<State> = { readonly current: () => ViewMoment<State>; readonly close: () => void }

export type ViewRequest<State> = ViewAddress & { readonly definition: View<State> }
export type ViewHandlers = {
  /** Called at once after each change; `current` is made when it is asked for. */
  readonly onChange?: () => void
  /** What failed; it is tried again unless the status is `refused`. */
  readonly onError?: (error: ClientError) => void
}
export type ViewDeps = {
  readonly fetchView: FetchView
  readonly subscribe: (
    request: SubscribeRequest,
    onEvent: (positioned: ReceivedEvent) => void,
    handlers: SubscribeHandlers,
  ) => () => void
  readonly clock: Clock
  readonly random: () => number
}

type Following<State> = {
  readonly deps: ViewDeps
  readonly request: ViewRequest<State>
  readonly handlers: Required<ViewHandlers>
  readonly parts: ViewParts<State>
  readonly backoff: Backoff
  status: ViewStatus
  updatedAt: number | null
  moment: ViewMoment<State> | null
  /** Ends the reading, the subscription or the wait that is under way. */
  end: () => void
}

/**
 * Keeps a view as the server has it: reads the snapshot, subscribes from its cursor, and applies the same fold to
 * what arrives. After a gap, or when a topic was created anew, it begins again with another snapshot.
 */
export function followView<State>(
  deps: ViewDeps,
  request: ViewRequest<State>,
  handlers: Required<ViewHandlers>,
): FollowedView<State> {
  const { definition, key } = request
  const following: Following<State> = {
    deps,
    request,
    handlers,
    parts: createViewParts(definition, key),
    backoff: createBackoff({ random: deps.random }),
    status: 'loading',
    updatedAt: null,
    moment: null,
    end: () => {},
  }
  begin(following)
  return { current: () => currentOf(following), close: () => following.end() }
}

function currentOf<State>(following: Following<State>): ViewMoment<State> {
  const { parts, status, updatedAt } = following
  following.moment ??= { states: statesOf(parts), status, updatedAt }
  return following.moment
}

function begin<State>(following: Following<State>): void {
  const { fetchView } = following.deps
  const aborter = new AbortController()
  following.end = () => aborter.abort()
  fetchView<State>(following.request, aborter.signal)
    .then((snapshot) => aborter.signal.aborted || goOn(following, snapshot))
    .catch((error: unknown) => aborter.signal.aborted || fail(following, error))
}

function goOn<State>(following: Following<State>, snapshot: ViewSnapshot<State>): void {
  const { deps, request, handlers, parts } = following
  resetParts(parts, snapshot)
  const interest = { channels: channelsOf(request), since: snapshot.cursor || 'earliest' }
  const take = (positioned: ReceivedEvent) => {
    if (applyToParts(parts, positioned)) touch(following)
  }
  following.end = deps.subscribe(interest, take, {
    onGap: () => beginAgain(following),
    onState: (state) => follow(following, state),
    onError: handlers.onError,
  })
  touch(following)
}

function follow<State>(following: Following<State>, state: TidewireState): void {
  if (state === 'live') following.backoff.reset()
  setStatus(following, statusOf(state, following.status))
}

/** Another try a little later: a fold that lags behind a topic created anew would give the same snapshot at once. */
function beginAgain<State>(following: Following<State>): void {
  const { deps, backoff, status } = following
  following.end()
  following.end = deps.clock.after(backoff.next(), () => begin(following))
  setStatus(following, status === 'loading' ? 'loading' : 'stale')
}

function fail<State>(following: Following<State>, error: unknown): void {
  const isFinal = !(error instanceof PageError) || error.permanent
  const { code = 'internal' } = error as { readonly code?: string }
  const detail = error instanceof Error ? error.message : String(error)
  following.handlers.onError({ code, detail, cause: error })
  if (isFinal) setStatus(following, 'refused')
  else beginAgain(following)
}

function touch<State>(following: Following<State>): void {
  following.updatedAt = following.deps.clock.now()
  tell(following)
}

function setStatus<State>(following: Following<State>, status: ViewStatus): void {
  if (status === following.status) return
  following.status = status
  tell(following)
}

function tell<State>(following: Following<State>): void {
  following.moment = null
  following.handlers.onChange()
}

function channelsOf<State>({ definition, key }: ViewRequest<State>): readonly string[] {
  return (key !== undefined && definition.channelsOf?.(key)) || definition.channels
}

function statusOf(state: TidewireState, before: ViewStatus): ViewStatus {
  if (state === 'live') return 'live'
  if (state === 'closed') return 'refused'
  return before === 'loading' && state !== 'polling' ? 'loading' : 'stale'
}
