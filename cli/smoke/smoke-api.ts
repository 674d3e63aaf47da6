import { createHmac, randomUUID } from 'node:crypto'
import { send } from '../lib/call-api.ts'
import type { Connection } from '../lib/connection.ts'
import { StepFailure, type Steps } from './step.ts'

/** Calls a route and returns the JSON of its response. Fails with any other status than the one given. */
export type Api = <T extends object>(
  route: string,
  status: number,
  options?: { readonly body?: object },
) => Promise<T>

/** An open connection, as `GET /connections` lists it. */
type Listed = { readonly id: string; readonly subscriptions: readonly { readonly id: string }[] }
/** What was written, as `POST /events` returns it. */
export type Receipt = {
  readonly id: string
  readonly source: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** A sender of webhooks with the scheme Standard Webhooks, and its secret. */
export type WebhookSource = { readonly name: string; readonly secret: string }

/** Makes what calls the routes of a stack. */
export function createApi(connection: Connection): Api {
  return async <T extends object>(
    route: string,
    status: number,
    { body }: { readonly body?: object } = {},
  ): Promise<T> => {
    const response = await send({ route, ...(body && { body }) }, connection)
    const json = (await response.json().catch(() => ({}))) as T & { detail?: unknown; message?: unknown }
    if (response.status === status) return json
    const reason = json.detail ?? json.message ?? 'no reason'
    throw new StepFailure(`${route.replace(/\?.*/, '')} returned ${response.status}: ${reason}`)
  }
}

/** Returns whose the credentials are. Fails unless they are an administrator's. */
export async function readSelf(api: Api): Promise<{ readonly name: string }> {
  const self = await api<{ name: string; role: string }>('GET /users/me', 200)
  if (self.role === 'admin') return self
  throw new StepFailure(`${self.name} has the role ${self.role}: give the credentials of an administrator`)
}

/** Waits until the view of cases includes an event. The route itself waits for some seconds, and then returns 503. */
export function readCase(event: Receipt, api: Api, { until }: Steps): Promise<object> {
  const { id, source, topic, partition, offset } = event
  const name = encodeURIComponent(`${id}@${source}`)
  const route = `GET /views/port/cases/${name}?after=${topic}/${partition}@${offset}`
  return until(() => unlessFailing(() => api(route, 200)))
}

/** Returns why something failed as what is not there yet. */
async function unlessFailing(call: () => Promise<object>): Promise<object> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof StepFailure) return { not: error.message }
    throw error
  }
}

/** Returns the name of somebody whom an event can be assigned to; none if the user pool lists nobody. */
export async function findSomebody(api: Api): Promise<{ readonly name?: string }> {
  const { users } = await api<{ users: readonly { name: string }[] }>('GET /users?limit=1', 200)
  return users[0] ?? {}
}

/** Assigns an event, once the person is known to the function that does so. */
export function assign(id: string, assignee: string, api: Api, { until }: Steps): Promise<object> {
  return until(() => unlessFailing(() => api(`POST /events/${id}/assign`, 202, { body: { assignee } })))
}

/** Looks for an entry of the audit trail that has a text. */
export async function findEntry(query: string, text: string, api: Api) {
  const { events } = await api<{ events: readonly object[] }>(`GET /audit?${query}`, 200)
  const found = events.find((entry) => JSON.stringify(entry).includes(text))
  return found ?? { not: 'GET /audit has no such entry' }
}

/** Returns all open connections of a principal. */
export async function listConnections(principal: string, api: Api): Promise<readonly Listed[]> {
  const found: Listed[] = []
  for (let next: string | null = ''; next !== null; ) {
    const query = new URLSearchParams({ principal, limit: '100', ...(next !== '' && { next }) })
    type Page = { readonly connections: readonly Listed[]; readonly next: string | null }
    const page: Page = await api(`GET /connections?${query}`, 200)
    found.push(...page.connections)
    next = page.next
  }
  return found
}

/** Waits until a connection is listed that has a subscription of this id, and returns its own id. */
export async function findConnection(
  subscription: string,
  principal: string,
  { api, steps }: { readonly api: Api; readonly steps: Steps },
): Promise<string> {
  const { id } = await steps.until(async () => {
    const all = await listConnections(principal, api)
    const own = all.find(({ subscriptions }) => subscriptions.some((one) => one.id === subscription))
    return own ?? { not: 'GET /connections does not have the connection' }
  })
  return id
}

/**
 * Sends an event as a sender of webhooks does. Returns its id.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function postWebhook(
  { name, secret }: WebhookSource,
  { url }: Connection,
): Promise<{ readonly id?: string }> {
  const [id, time] = [`smoke-${randomUUID()}`, Math.floor(Date.now() / 1000)]
  const body = JSON.stringify({ type: 'smoke.test', data: {} })
  const encoded = secret.replace(/^(?:v1,)?whsec_/, '')
  const key = encoded === secret ? secret : Buffer.from(encoded, 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')
  const response = await fetch(`${url}/webhooks/${encodeURIComponent(name)}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(time),
      'webhook-signature': `v1,${signature}`,
    },
    body,
  })
  const text = await response.text()
  if (response.ok) return JSON.parse(text)
  throw new StepFailure(`POST /webhooks/${name} returned ${response.status}: ${text.slice(0, 200)}`)
}
