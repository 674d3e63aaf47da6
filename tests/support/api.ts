import { API_KEY, SIMULATOR_KEY } from './start-stack.ts'

export type Receipt = { id: string; source: string; topic: string; partition: number; offset: number }
export type Positioned = {
  topic: string
  partition: number
  offset: number
  event: { id: string; type: string; category?: string; data?: unknown; [name: string]: unknown }
}
export type Problem = {
  type: string
  title: string
  status: number
  detail: string
  errors?: { index?: number; pointer: string; detail: string }[]
}

/** Posts a body unchanged, with a key that may write in the name of any user. */
export async function post(url: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'x-api-key': SIMULATOR_KEY, 'content-type': 'application/json', ...headers },
    body,
  })
  return { status: response.status, headers: response.headers, json: (await response.json()) as unknown }
}

/** Posts one plain event and expects 202. */
export async function publish(url: string, event: Record<string, unknown>): Promise<Receipt> {
  const { status, json } = await post(url, JSON.stringify(event))
  if (status !== 202) throw new Error(`expected 202, got ${status}: ${JSON.stringify(json)}`)
  return json as Receipt
}

/** Posts a batch of CloudEvents and expects 202. */
export async function publishBatch(
  url: string,
  events: readonly Record<string, unknown>[],
): Promise<Receipt[]> {
  const { status, json } = await post(url, JSON.stringify(events), {
    'content-type': 'application/cloudevents-batch+json',
  })
  if (status !== 202) throw new Error(`expected 202, got ${status}: ${JSON.stringify(json)}`)
  return (json as { events: Receipt[] }).events
}

/** Gets JSON with the local key. */
export async function get<T>(url: string): Promise<{ status: number; headers: Headers; json: T }> {
  const response = await fetch(url, { headers: { 'x-api-key': API_KEY } })
  return { status: response.status, headers: response.headers, json: (await response.json()) as T }
}

/** Returns every stored event of a channel, oldest first within its partition, over the polling interface. */
export async function readLog(httpUrl: string, channel: string, cursor = ''): Promise<Positioned[]> {
  const events: Positioned[] = []
  for (let from = cursor; ; ) {
    const query = new URLSearchParams({ channel, cursor: from, limit: '500' })
    const { json } = await get<{ events: Positioned[]; cursor: string }>(`${httpUrl}/events/since?${query}`)
    events.push(...json.events)
    if (json.cursor === from) return events
    from = json.cursor
  }
}
