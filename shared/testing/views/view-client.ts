import type { Clock, FollowedView } from '#shared/client/connect.ts'
import { stateOf } from '#shared/client/feed.ts'
import { createHttp } from '#shared/client/http.ts'
import { createSubscription } from '#shared/client/subscription.ts'
import { followView, type ViewDeps } from '#shared/client/view.ts'
import { askIdle, type Dashboard, send, type Tracked } from '#shared/testing/delivery/client-actor.ts'
import type { Actor } from '#shared/testing/delivery/scheduler.ts'
import { EXAMPLES, FOLLOWED, type Followed } from './example-views.ts'
import { serveView, type ViewWorld } from './view-world.ts'

type Request = { readonly actor: Actor; readonly fail: (cause: Error) => void }

/**
 * A browser that follows one view: the real client code with connections, requests and timers in which the run
 * injects faults.
 */
export type ViewClient = {
  readonly followed: Followed
  readonly view: FollowedView<unknown>
  readonly dashboard: Dashboard
  /** The active timers; the run decides when they fire. */
  readonly timers: Set<() => void>
  readonly requests: Set<Request>
  /** Notifies the view of the current state of its subscription. */
  readonly notifyStates: () => void
}

export function createViewClient(world: ViewWorld, name: string): ViewClient {
  const { random, viewMutation } = world
  const followed = random.oneOf(FOLLOWED)
  const tracked: Tracked[] = []
  const dashboard: Dashboard = { name, tracked, connections: [], dialled: 0, isDialling: false }
  const timers = new Set<() => void>()
  const requests = new Set<Request>()
  const clock = clockOf(timers)
  const states = new Map<Tracked, () => void>()
  const subscribe: ViewDeps['subscribe'] = ({ channels, since }, onEvent, { onGap, onState }) => {
    const subscription = createSubscription(
      { id: `${name}-v${tracked.length}`, channels, ...(since !== undefined && { since }) },
      {
        event: onEvent,
        gap: (gap) => {
          world.note(`${name} gets a gap: ${gap.reason}`)
          onGap?.(gap)
        },
        error: ({ code, detail }) => void world.gaps.push(`${name} got the error ${code}: ${detail}`),
      },
    )
    const one: Tracked = { subscription, got: [], start: null, ahead: 0 }
    tracked.push(one)
    states.set(one, () => onState?.(stateOf(subscription, false)))
    askIdle(world, dashboard)
    return () => {
      states.delete(one)
      subscription.end('stopped')
      for (const connection of dashboard.connections)
        send(world, connection, { action: 'unsubscribe', id: subscription.id })
    }
  }
  const { view: fetchView } = createHttp({
    httpUrl: '',
    clock,
    timeoutMs: REQUEST_MS,
    ticketTimeoutMs: REQUEST_MS,
    authorize: (send) => send({}),
    fetch: (url) => request(world, requests, url),
  })
  const deps: ViewDeps = { fetchView, subscribe, clock, random: random.next }
  const view = followView<unknown>(
    viewMutation.client?.(deps) ?? deps,
    { domain: EXAMPLES.name, ...followed, definition: EXAMPLES.views[followed.view] },
    { onChange: () => {}, onError: ({ detail }) => world.note(`${name}: ${detail}`) },
  )
  const notifyStates = () => {
    for (const tell of states.values()) tell()
  }
  return { followed, view, dashboard, timers, requests, notifyStates }
}

/** The limit of a request, which is never reached here: a request fails because its sandbox crashes. */
const REQUEST_MS = 30_000

function clockOf(timers: Set<() => void>): Clock {
  return {
    now: () => 0,
    elapsed: () => 0,
    after: (ms, run) => {
      const fire = ms === REQUEST_MS ? () => {} : () => run()
      timers.add(fire)
      return () => timers.delete(fire)
    },
  }
}

/** One request over HTTP, which may fail. Anything may happen before its response. */
function request(world: ViewWorld, requests: Set<Request>, url: string): Promise<Response> {
  world.note(`GET ${url}`)
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const serve = world.viewMutation.serve?.(serveView) ?? serveView
  const answer = async () => {
    try {
      const body = await serve(world, new URL(url, 'http://simulation'))
      world.note(`answered ${url}: ${JSON.stringify(body)}`)
      resolve({ ok: true, status: 200, text: async () => JSON.stringify(body) } as Response)
    } catch (cause) {
      reject(cause)
    }
    requests.delete(one)
  }
  const one: Request = { actor: world.scheduler.spawn(`GET ${url}`, answer, { mayFail: true }), fail: reject }
  requests.add(one)
  return promise
}

/** Rejects the requests whose sandbox has crashed. */
export function failRequests({ requests }: ViewClient): void {
  for (const one of requests)
    if (one.actor.state === 'crashed') {
      requests.delete(one)
      one.fail(new Error('no response'))
    }
}
