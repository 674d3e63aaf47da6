import { SUBSCRIPTION_LIMIT } from '#shared/core/limits.ts'
import { type Client, closeClient, createClient, type Listening, refresh } from './client.ts'
import type { TidewireState } from './client-state.ts'
import { sendOn } from './connection.ts'
import {
  createSubscriber,
  type ReceivedEvent,
  type SubscribeHandlers,
  type SubscribeRequest,
} from './create-subscriber.ts'
import { type FollowedView, followView } from './follow-view.ts'
import { type ConnectOptions, withDefaults } from './options.ts'
import { askIfIdle, stopSubscriber } from './subscriber.ts'
import { definitionOf, type StateOf, type ViewOptions, type ViewSet } from './view-set.ts'

export type Tidewire = {
  /** Calls back with each event once, in order within its partition. Returns the function that stops it. */
  readonly subscribe: (
    request: SubscribeRequest,
    onEvent: (positioned: ReceivedEvent) => void,
    handlers?: SubscribeHandlers,
  ) => () => void
  /** Keeps a view of a domain, or the state of one `key`, as the server has it until it is closed. */
  readonly view: <Views extends ViewSet, Name extends keyof Views['views'] & string>(
    domain: Views,
    view: Name,
    options?: ViewOptions,
  ) => FollowedView<StateOf<Views, Name>>
  readonly onState: (listener: (state: TidewireState) => void) => () => void
  readonly state: TidewireState
  /** When the server was last heard, in epoch milliseconds. */
  readonly lastHeard: number | null
  readonly close: () => void
}

/** Thrown by `subscribe` for a request that can never work. */
export class SubscribeError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Connects to Tidewire and stays connected until it is closed (CONTRACT.md, "The client"). */
export function connect(options: ConnectOptions): Tidewire {
  const client = createClient(withDefaults(options))
  let subscriptions = 0
  const subscribe: Tidewire['subscribe'] = (request, onEvent, handlers = {}) =>
    addSubscription(client, `s${++subscriptions}`, request, onEvent, handlers)
  return {
    subscribe,
    view: (domain, view, options = {}) => addView(client, subscribe, domain, view, options),
    onState: (listener) => {
      client.listeners.add(listener)
      return () => client.listeners.delete(listener)
    },
    get state() {
      return client.state
    },
    get lastHeard() {
      return client.lastHeard
    },
    close: () => closeClient(client),
  }
}

function addSubscription(
  client: Client,
  id: string,
  request: SubscribeRequest,
  onEvent: (positioned: ReceivedEvent) => void,
  handlers: SubscribeHandlers,
): () => void {
  if (client.state === 'closed') throw new SubscribeError('closed', 'this client was closed')
  if (client.subscribers.size >= SUBSCRIPTION_LIMIT)
    throw new SubscribeError('too_many', `a connection carries at most ${SUBSCRIPTION_LIMIT} subscriptions`)
  const { settings, hub } = client
  const subscriber = createSubscriber({ settings, hub }, { id, ...request }, onEvent, handlers)
  const listening: Listening = { subscriber, onState: handlers.onState, state: 'connecting' }
  client.subscribers.set(id, listening)
  askIfIdle(subscriber)
  client.poller.kick()
  refresh(client)
  return () => {
    if (!client.subscribers.delete(id)) return
    stopSubscriber(subscriber)
    const { active, candidate } = client.connection
    for (const line of [active, candidate])
      if (line) sendOn(client.connection, line.id, { action: 'unsubscribe', id })
    refresh(client)
  }
}

function addView<Views extends ViewSet, Name extends keyof Views['views'] & string>(
  client: Client,
  subscribe: Tidewire['subscribe'],
  domain: Views,
  view: Name,
  { key, onChange = () => {}, onError = client.settings.onError }: ViewOptions,
): FollowedView<StateOf<Views, Name>> {
  if (client.state === 'closed') throw new SubscribeError('closed', 'this client was closed')
  const definition = definitionOf(domain, view)
  const request = { domain: domain.name, view, key, definition }
  const deps = { ...client.settings, fetchView: client.fetchView, subscribe }
  const followed = followView(deps, request, { onChange, onError })
  const close = () => {
    client.views.delete(kept)
    followed.close()
  }
  const kept = { ...followed, close }
  client.views.add(kept)
  return kept
}
