import { randomUUID } from 'node:crypto'
import type { Connection } from '../lib/connection.ts'
import type { Page } from '../page/find-page.ts'
import { failToSignIn, signInAs } from '../page/sign-in.ts'
import {
  type Api,
  assign,
  createApi,
  findConnection,
  findEntry,
  findSomebody,
  listConnections,
  postWebhook,
  type Receipt,
  readCase,
  readSelf,
  type WebhookSource,
} from './smoke-api.ts'
import { openSmokeSocket, type SmokeSocket } from './smoke-socket.ts'
import { StepFailure, type Steps } from './step.ts'

export type SmokeTarget = {
  readonly connection: Connection
  /** What the page of the stack knows, if the page was found. */
  readonly page: Page | null
  readonly user: { readonly name: string; readonly password: string } | null
  readonly webhook: WebhookSource | null
  /** The time limit of what AWS tells minutes later, in milliseconds. */
  readonly tellingMs: number
  /** The time limit of what is done once a minute, in milliseconds. */
  readonly copyingMs: number
}

type Health = {
  readonly socketUrl: string
  /** When copies were made last, RFC 3339. */
  readonly copied: Readonly<Record<'signingKeys' | 'people', string | null>>
}

/** The results of the first steps, which later ones need. */
type Known = {
  readonly health: Health | null
  readonly self: { readonly name: string } | null
  readonly live: { readonly socket: SmokeSocket } | null
  readonly event: Receipt | null
}
type Tools = {
  readonly target: SmokeTarget
  readonly api: Api
  readonly steps: Steps
  /** The id of the event, and what other names begin with. */
  readonly run: string
  /** When it began, RFC 3339. */
  readonly since: string
}

/** It has a lifecycle and no automation, and disturbs nobody. */
const TYPE = 'port.system.recovered'
const CHANNEL = 'port.system'
/** A dead letter that there is not: its replay has nothing to do, and its worker says so. */
const NO_LETTER = { topic: 'events', partition: 0, offset: Number.MAX_SAFE_INTEGER }
/** Of equal refusals the trail has one in ten seconds, so a sign-in that is not found there is tried again. */
const AGAIN_MS = 6000

/**
 * Uses every function of a stack once, through its outer interface, and removes in the end what was written: an event of
 * the port, and one of a webhook.
 */
export async function runSmoke(target: SmokeTarget, steps: Steps): Promise<void> {
  const run = `smoke-${randomUUID().slice(0, 8)}`
  const tools = { target, steps, run, since: new Date().toISOString(), api: createApi(target.connection) }
  const known = await checkWay(tools)
  const letters = await checkReplays(known, tools)
  await checkAudit(letters, tools)
  const hook = await checkEdges(known, tools)
  await checkDisconnect(known, tools)
  await checkCopies(known, tools)
  await known.live?.socket.close()
  await steps.step('cleanup', 'what was written is removed', { event: known.event }, async () => {
    await tools.api(`DELETE /events/${run}`, 202)
    if (hook?.id !== undefined)
      await tools.api(`POST /events/${hook.id}/erase`, 202, { body: { reason: 'smoke test' } })
    return {}
  })
}

/** The way of an event: to Kafka, to a socket, into a view, and on to the next state. */
async function checkWay({ target, api, steps, run }: Tools): Promise<Known> {
  const { step } = steps
  const health = await step('health', 'GET /health: the tables can be read', {}, () =>
    api<Health>('GET /health', 200),
  )
  const self = await step('accounts', 'GET /users/me: an administrator', { health }, () => readSelf(api))
  const read = await step('read', 'POST /tickets: a ticket for a socket', { self }, () => createTicket(api))
  const socket = await step('connect', 'a socket opens with the ticket', { health, read }, (given) =>
    openSmokeSocket(socketUrlOf(target, given.health, given.read.ticket), steps.patienceMs),
  )
  const live = await step('message', 'a ping has its pong, subscriptions begin', { socket }, (given) =>
    subscribe(given.socket, run),
  )
  const body = { type: TYPE, id: run, data: { title: `Smoke test ${run}` } }
  const event = await step('write', 'POST /events: Kafka has the event', { self }, () =>
    api<Receipt>('POST /events', 202, { body }),
  )
  const isOwn = (events: unknown) => JSON.stringify(events).includes(run)
  await step('deliver', 'the event is stored and pushed', { live, event }, (given) =>
    given.live.socket.next('frame with it', ({ type, events }) => type === 'events' && isOwn(events)),
  )
  await step('stats', 'the statistics are pushed', { live, event }, (given) =>
    given.live.socket.next('frame with them', ({ ids }) => String(ids) === `${run}-stats`),
  )
  const folded = await step('fold', 'the event is in the view port/cases', { read, event }, (given) =>
    readCase(given.event, api, steps),
  )
  const command = await step('command', 'POST /events/{id}/acknowledge: it is moved', { folded }, () =>
    api(`POST /events/${run}/acknowledge`, 202),
  )
  const somebody = await step('accounts', 'GET /users: the user pool lists people', { command }, () =>
    findSomebody(api),
  )
  const does = 'POST /events/{id}/assign: it is given to somebody'
  if (somebody !== null && somebody.name === undefined)
    steps.skip('command', does, 'add a person to a group of the user pool')
  else
    await step('command', does, { somebody }, (given) => assign(run, given.somebody.name ?? '', api, steps))
  return { health, self, live, event }
}

function createTicket(api: Api): Promise<{ readonly ticket: string }> {
  return api('POST /tickets', 201)
}

function socketUrlOf(
  { connection, page }: SmokeTarget,
  health: { readonly socketUrl: string },
  ticket: string,
): string {
  const url = new URL(connection.socketUrl ?? page?.socketUrl ?? health.socketUrl)
  url.searchParams.set('ticket', ticket)
  return url.href
}

async function subscribe(socket: SmokeSocket, run: string) {
  socket.send({ action: 'ping' })
  await socket.next('pong', ({ type }) => type === 'pong')
  await subscribeTo(socket, run, CHANNEL)
  await subscribeTo(socket, `${run}-stats`, 'tidewire.stats')
  return { socket }
}

async function subscribeTo(socket: SmokeSocket, id: string, channel: string): Promise<void> {
  socket.send({ action: 'subscribe', id, channels: [channel], since: 'latest' })
  await socket.next('answer to a subscription', (frame) => frame.type === 'subscribed' && frame.id === id)
}

type Job = { readonly id: string; readonly status: string; readonly error?: string }

/** Two replays, one for each worker: of no dead letter, and of the last events to the own connection. */
async function checkReplays({ self, live, event }: Known, tools: Tools): Promise<Job | null> {
  const { api, steps, run, since } = tools
  const letters = await steps.step('replays', 'POST /dead-letters/replay: a replay of none', { self }, () =>
    api<Job>('POST /dead-letters/replay', 202, { body: { filter: { positions: [NO_LETTER] } } }),
  )
  await steps.step('replay-records', 'the replay is done', { letters }, (given) =>
    steps.until(async () => {
      const job = await api<Job>(`GET /replays/${given.letters.id}`, 200)
      if (job.status === 'failed') throw new StepFailure(`the replay failed: ${job.error}`)
      return job.status === 'done' ? job : { not: `the replay is ${job.status}` }
    }),
  )
  const needs = { self, live, event, letters }
  await steps.step('replay-events', 'POST /replays: the event comes again', needs, async (given) => {
    const connection = await findConnection(run, given.self.name, tools)
    const body = { kind: 'events', channels: [CHANNEL], from: since, target: { connection } }
    await api('POST /replays', 202, { body })
    const isOwn = (events: unknown) => JSON.stringify(events).includes(run)
    return given.live.socket.next(
      'frame of the replay',
      ({ type, events }) => type === 'replay' && isOwn(events),
    )
  })
  return letters
}

/** What was done is in the audit trail, and what the user pool refused. */
async function checkAudit(letters: Job | null, { target, api, steps, since }: Tools): Promise<void> {
  const { page, tellingMs } = target
  const audited = await steps.step('audit', 'GET /audit: the replay is in the trail', { letters }, (given) =>
    steps.until(() => findEntry(`action=replays.created&from=${since}`, given.letters.id, api)),
  )
  const does = 'a refused sign-in is in the trail'
  const identity = page?.identity
  if (identity === undefined)
    return void steps.skip('standing', does, 'give the address of the web page as --url')
  await steps.step('standing', does, { audited }, async () => {
    for (let left = tellingMs; ; left -= AGAIN_MS) {
      if (!(await failToSignIn(identity))) throw new StepFailure('the user pool refused no wrong sign-in')
      const look = () => findEntry(`action=sign-in.refused&from=${since}`, '', api)
      try {
        return await steps.until(look, Math.min(AGAIN_MS, left))
      } catch (error) {
        if (!(error instanceof StepFailure) || left <= AGAIN_MS) throw error
      }
    }
  })
}

/** What reaches Kafka in other ways. Returns the event of the webhook, if one was written. */
async function checkEdges(
  { self }: Known,
  { target, api, steps }: Tools,
): Promise<{ readonly id?: string } | null> {
  const { connection, page, user, webhook } = target
  const streams = await steps.step('streams', 'GET /streams: Kafka has brokers', { self }, async () => {
    const found = await api<{ brokers: readonly unknown[] }>('GET /streams', 200)
    if (found.brokers.length === 0) throw new StepFailure('GET /streams has no broker')
    return found
  })
  const does = 'GET /streams with a token: it can be verified'
  const identity = page?.identity
  if (identity === undefined || user === null)
    steps.skip('streams', does, 'give the address of the web page as --url, --user and --password')
  else
    await steps.step('streams', does, { streams }, async () => {
      const token = await signInAs(identity, user.name, user.password)
      return createApi({ ...connection, credentials: { token } })('GET /streams', 200)
    })
  if (webhook === null)
    return steps.step('webhooks', 'POST /webhooks/{source}: an unknown one is 404', { self }, () =>
      api('POST /webhooks/smoke-test', 404, { body: {} }),
    )
  return steps.step('webhooks', `POST /webhooks/${webhook.name}: Kafka has the event`, { self }, () =>
    postWebhook(webhook, connection),
  )
}

/** What was copied before is known for long, so that a function copies is only seen by a copy after the first look. */
async function checkCopies({ health }: Known, { target, api, steps }: Tools): Promise<void> {
  const isRenewed = (name: keyof Health['copied']) => (given: { readonly health: Health }) =>
    steps.until(async () => {
      const { copied } = await api<Health>('GET /health', 200)
      if (copied[name] !== given.health.copied[name]) return { at: copied[name] }
      return { not: `the last copy is of ${copied[name] ?? 'no time'}` }
    }, target.copyingMs)
  const does = (what: string) => `GET /health: ${what} were copied again, once a minute`
  await steps.step('signing-keys', does('the keys of tokens'), { health }, isRenewed('signingKeys'))
  await steps.step('people', does('the people of the pool'), { health }, isRenewed('people'))
}

/** With a socket that nothing is pushed to: a push, too, finds out that a socket is gone. */
async function checkDisconnect({ health, self, live }: Known, tools: Tools): Promise<void> {
  const { target, api, steps, run } = tools
  const needs = { health, self, live }
  await steps.step('disconnect', 'a socket closes, and is no longer listed', needs, async (given) => {
    const { ticket } = await createTicket(api)
    const socket = await openSmokeSocket(socketUrlOf(target, given.health, ticket), steps.patienceMs)
    await subscribeTo(socket, `${run}-quiet`, run)
    const connection = await findConnection(`${run}-quiet`, given.self.name, tools)
    await socket.close()
    return steps.until(async () => {
      const all = await listConnections(given.self.name, api)
      const isListed = all.some(({ id }) => id === connection)
      return isListed ? { not: 'GET /connections still has the connection' } : {}
    })
  })
}
