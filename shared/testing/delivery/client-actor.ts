import { handOut, joinReads } from '#shared/client/joint-read.ts'
import { parseFrame } from '#shared/client/parse-frame.ts'
import { createSubscription, type Page, type Subscription } from '#shared/client/subscription.ts'
import { type Cursor, parseCursor } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { Interest } from '#shared/core/interest.ts'
import type { ServerFrame } from '#shared/core/messages.ts'
import { accessOf } from '#shared/pipeline/history/access.ts'
import { catchUp } from '#shared/pipeline/history/catch-up.ts'
import { answerMessage } from '#shared/pipeline/sockets/answer-message.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import type { Actor } from './scheduler.ts'
import { messageDeps, type World } from './world.ts'

const LATE = Number.MAX_SAFE_INTEGER
const access = accessOf(makePrincipal())
const INTERESTS: readonly [Interest, ...Interest[]] = [
  { channels: ['**'] },
  { channels: ['port.*'] },
  { channels: ['port.a', 'other.b', 'port.a.**'] },
  { channels: ['port.**', 'other.*'], filter: { severity: ['critical'] } },
]

/** A subscription of a client: its state machine, and the events that it delivered. */
export type Tracked = {
  readonly subscription: Subscription
  readonly got: PositionedEvent[]
  start: Cursor | null
  /** How often it was told that it is ahead of the log, since the log was restored last. */
  ahead: number
}

/** A dashboard: the real state machines on connections that are cut, replaced and retried. */
export type Dashboard = {
  readonly name: string
  readonly tracked: readonly Tracked[]
  /** The open connections, the oldest first. */
  connections: string[]
  dialled: number
  isDialling: boolean
}

export function createDashboard(world: World, name: string): Dashboard {
  const ids = ['s1', 's2'].slice(0, 1 + world.random.pick(2))
  return {
    name,
    tracked: ids.map((id) => track(world, name, id)),
    connections: [],
    dialled: 0,
    isDialling: false,
  }
}

function track(world: World, name: string, id: string): Tracked {
  const { random, mutation } = world
  const since = random.pick(3) === 0 ? 'earliest' : 'latest'
  const got: PositionedEvent[] = []
  const create = mutation.subscription ?? createSubscription
  const tracked = { got, start: since === 'earliest' ? new Map() : null, ahead: 0 }
  const subscription = create(
    { id, ...random.oneOf(INTERESTS), since },
    {
      event: (positioned) => {
        world.note(`${name}/${id} gets ${positioned.topic}-${positioned.partition}:${positioned.offset}`)
        got.push(positioned)
      },
      gap: ({ reason }) => {
        world.note(`${name}/${id} gets a gap: ${reason}`)
        if (reason === 'ahead' && ++tracked.ahead > 1)
          world.gaps.push(`${name}/${id} was told twice: ${reason}`)
        // A page over HTTP calls every gap one of events that have expired.
        if (!world.isRenewed) world.gaps.push(`${name}/${id} got a gap: ${reason}`)
      },
      error: ({ code, detail }) => void world.gaps.push(`${name}/${id} got the error ${code}: ${detail}`),
    },
  )
  return Object.assign(tracked, { subscription })
}

/** Sends a message. A sandbox responds to it at any later time. */
export function send(world: World, connection: string, message: object): Actor {
  const text = JSON.stringify(message)
  const deps = messageDeps(world)
  const run = async () => {
    const last = await answerMessage(connection, text, LATE, deps)
    // A route response is lost, or late, as a post is.
    if (last !== null) await deps.gateway.post(connection, JSON.stringify(last), LATE)
  }
  world.note(`${connection} sends ${text}`)
  return world.scheduler.spawn(`message ${connection} ${text}`, run, { mayFail: true })
}

function askOn(world: World, { subscription }: Tracked, connection: string): void {
  send(world, connection, subscription.ask(connection))
}

/** Opens a connection and moves every subscription to it; the old connection may still be open. */
export function dial(world: World, dashboard: Dashboard): void {
  if (dashboard.isDialling) return
  dashboard.isDialling = true
  const connection = `${dashboard.name}-${++dashboard.dialled}`
  const open = async () => {
    await world.stores.subscriptions(0).connect(connection, makePrincipal({ name: dashboard.name }))
    dashboard.isDialling = false
    dashboard.connections.push(connection)
    world.sockets.open(connection)
    for (const tracked of dashboard.tracked)
      if (tracked.subscription.canAsk()) askOn(world, tracked, connection)
  }
  world.scheduler.spawn(`connect ${connection}`, open)
}

/** Closes a connection; the gateway may or may not send `$disconnect`. */
export function hangUp(world: World, dashboard: Dashboard, connection: string): void {
  world.note(`${connection} is cut`)
  dashboard.connections = dashboard.connections.filter((other) => other !== connection)
  world.sockets.cut(connection)
  for (const { subscription } of dashboard.tracked) subscription.drop(connection)
  const forget = () => world.stores.subscriptions(0).removeConnection(connection)
  if (world.random.next() < 0.6) world.scheduler.spawn(`disconnect ${connection}`, forget, { mayFail: true })
  askIdle(world, dashboard)
}

export function askIdle(world: World, dashboard: Dashboard): void {
  const connection = dashboard.connections.at(-1)
  for (const tracked of dashboard.tracked)
    if (connection && tracked.subscription.phase() === 'idle') askOn(world, tracked, connection)
}

/** Subscribes again although a response may still arrive, because the client's timeout has passed. */
export function askAgain(world: World, tracked: Tracked): void {
  const connection = tracked.subscription.asking()
  if (connection !== null) askOn(world, tracked, connection)
}

/** The next frame of a connection arrives. */
export function takeFrame(world: World, dashboard: Dashboard, connection: string): void {
  const frame = parseFrame(world.sockets.take(connection))
  if (frame === null) return
  for (const tracked of dashboard.tracked) {
    const { hasStarted, receive } = tracked.subscription
    const hadStarted = hasStarted()
    const reaction = receive(connection, frame)
    if (!hadStarted) noteStart(tracked, frame)
    if (reaction === 'ask_again') askOn(world, tracked, connection)
    if (reaction === 'catch_up') startCatchUp(world, dashboard, tracked)
  }
  const [old, next] = dashboard.connections
  if (old && next && !dashboard.tracked.some(({ subscription }) => subscription.source() === old))
    hangUp(world, dashboard, old)
}

function noteStart(tracked: Tracked, frame: ServerFrame): void {
  if (tracked.subscription.hasStarted() && 'cursor' in frame) tracked.start ??= parseCursor(frame.cursor)
}

function startCatchUp(world: World, dashboard: Dashboard, tracked: Tracked): void {
  world.scheduler.spawn(`catch up ${dashboard.name}`, async () => {
    while (await poll(world, tracked)) world.note(`${dashboard.name} polls on`)
    tracked.subscription.caughtUp()
    askIdle(world, dashboard)
  })
}

/** Reads one page over HTTP. Returns true if it advanced the position. */
export async function poll({ stores, catalog, random }: World, tracked: Tracked): Promise<boolean> {
  const { interest, resumeFrom, hasStarted, receivePage } = tracked.subscription
  const since = resumeFrom()
  const cursor = since === 'latest' ? undefined : since
  const page: Page = await catchUp(interest, cursor, 1 + random.pick(4), {
    store: stores.store,
    catalog,
    access,
  })
  const hadStarted = hasStarted()
  const hasMoved = receivePage(page, since)
  if (!hadStarted && hasStarted()) tracked.start ??= parseCursor(page.cursor)
  return hasMoved
}

/** Reads one page over HTTP for every subscription that needs pages, and alone what the page does not say. */
export async function pollTogether(world: World, { tracked }: Dashboard): Promise<void> {
  const { stores, catalog, random, mutation } = world
  const waiting = tracked.filter(({ subscription }) => needsPages(subscription))
  const read = (mutation.joinReads ?? joinReads)(waiting.map(({ subscription }) => subscription))
  if (read === null) return
  const page = await catchUp(read.interest, read.since, 1 + random.pick(4), {
    store: stores.store,
    catalog,
    access,
  })
  const alone = handOut(read, page)
  for (const each of waiting) if (alone.includes(each.subscription)) await poll(world, each)
}

export function needsPages({ phase }: Subscription): boolean {
  return ['idle', 'asking'].includes(phase())
}
