import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { functionMetrics, localMetrics } from '../../infra/metric-list.ts'
import type { Receipt } from '../support/api.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

type Span = { readonly span: string; readonly parent: string | undefined; readonly topic: unknown }

const SECRET = 'a-secret-of-this-test'
const PATIENCE = { timeout: 60_000, interval: 100 }

let stack: TestStack
beforeAll(async () => {
  stack = await startStack({ env: { WEBHOOK_SECRET_GITHUB: SECRET } })
})
afterAll(() => stack.dispose())

async function post(path: string, body: unknown, headers: Readonly<Record<string, string>>) {
  const text = JSON.stringify(body)
  const signature = `sha256=${createHmac('sha256', SECRET).update(text).digest('hex')}`
  const response = await fetch(stack.httpUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature, ...headers },
    body: text,
  })
  expect([path, response.status]).toEqual([path, 202])
  return (await response.json()) as Receipt
}

function newTrace() {
  const [trace, parent] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
  return { trace, parent, headers: { 'x-api-key': API_KEY, traceparent: `00-${trace}-${parent}-01` } }
}

async function spansOf(trace: string): Promise<Span[]> {
  const response = await fetch(`${stack.httpUrl}/traces/${trace}`)
  if (!response.ok) return []
  const { segments } = (await response.json()) as {
    segments: readonly {
      readonly id: string
      readonly parent_id?: string
      readonly annotations: Readonly<Record<string, unknown>>
    }[]
  }
  const names = new Map(segments.map(({ id, annotations }) => [id, String(annotations.span)]))
  return segments.map(({ parent_id, annotations }) => ({
    span: String(annotations.span),
    parent: names.get(parent_id ?? '') ?? parent_id,
    topic: annotations.messaging_destination_name,
  }))
}

const metricsText = async () => (await fetch(`${stack.httpUrl}/metrics`)).text()
const sampleOf = (text: string, sample: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${sample} `))
      ?.slice(sample.length) ?? Number.NaN,
  )

describe('traces', () => {
  it('go on from a webhook to what is made of it', async () => {
    const { trace, parent, headers } = newTrace()
    const push = { ref: 'refs/heads/main', repository: { full_name: 'ada/engine' } }

    await post('/webhooks/github', push, {
      ...headers,
      'x-github-event': 'push',
      'x-github-delivery': randomUUID(),
    })

    await expect.poll(async () => (await spansOf(trace)).map(({ span }) => span), PATIENCE).toContain('post')
    const spans = await spansOf(trace)
    expect(spans.find(({ span }) => span === 'POST /webhooks/{source}')?.parent).toBe(parent)
    for (const span of ['append', 'deliver'])
      expect(spans.find((one) => one.span === span)?.parent).toBe('POST /webhooks/{source}')
  })

  it('of a move have its event and the fold, and what follows from an event keeps its trace', async () => {
    const alarm = { type: 'port.container.temperature-alarm', subject: 'HLXU-4464315' }
    const data = { title: 'Too warm', containerId: 'HLXU-4464315', temperature: -9, setpoint: -18 }
    const { id } = await post('/events', { ...alarm, data }, newTrace().headers)
    await expect
      .poll(
        async () =>
          (await fetch(`${stack.httpUrl}/events/${id}`, { headers: { 'x-api-key': API_KEY } })).status,
        PATIENCE,
      )
      .toBe(200)
    const move = newTrace()

    await post(`/events/${id}/acknowledge`, {}, move.headers)

    const names = async () => (await spansOf(move.trace)).map(({ span }) => span)
    await expect.poll(names, PATIENCE).toEqual(expect.arrayContaining(['append', 'deliver', 'fold']))
    const route = (await spansOf(move.trace)).find(({ parent }) => parent === move.parent)?.span
    expect(route).toMatch(/^POST \/events\/\{id\}\//)

    const order = { orderId: randomUUID(), symbol: 'ACME', side: 'buy', kind: 'limit', quantity: 1, limit: 1 }
    const placed = newTrace()
    await post('/events', { type: 'market.order.placed', data: order }, placed.headers)
    const delivered = async () =>
      (await spansOf(placed.trace)).filter(({ span }) => span === 'deliver').length
    await expect.poll(delivered, PATIENCE).toBeGreaterThan(1)
  })

  it('are listed, the newest first; an unknown one is 404', async () => {
    const response = await fetch(`${stack.httpUrl}/traces`)
    const { traces } = (await response.json()) as { traces: readonly { id: string; spans: string[] }[] }

    expect(traces.length).toBeGreaterThan(2)
    expect((await fetch(`${stack.httpUrl}/traces/${'0'.repeat(32)}`)).status).toBe(404)
  })
})

describe('GET /metrics', () => {
  it('has every metric of the list, and counts what is done and refused', async () => {
    const labels = 'stage="local",service="write"'
    const accepted = `tidewire_events_accepted_total{${labels}}`
    const refused = `tidewire_requests_refused_total{${labels},reason="malformed"}`
    const before = await metricsText()
    for (const { prometheus, kind, meaning } of [...functionMetrics(), ...localMetrics()]) {
      expect.soft(before).toContain(`# HELP ${prometheus} ${meaning}\n# TYPE ${prometheus} ${kind}\n`)
    }

    await post('/events', { type: 'note.written', data: {} }, { 'x-api-key': API_KEY })
    const headers = { 'x-api-key': API_KEY, 'content-type': 'application/json' }
    await fetch(`${stack.httpUrl}/events`, { method: 'POST', headers, body: '{' })

    const after = await metricsText()
    expect(sampleOf(after, accepted)).toBe(sampleOf(before, accepted) + 1)
    expect(sampleOf(after, refused)).toBe(1)
    expect(after).toMatch(
      /tidewire_kafka_consumer_lag\{group="tidewire-local-fold-events",topic="events",partition="0"\} \d/,
    )
    expect(sampleOf(after, 'tidewire_process_memory_bytes')).toBeGreaterThan(1e6)
    await expect
      .poll(
        async () =>
          sampleOf(await metricsText(), 'tidewire_fold_lag_seconds_count{stage="local",service="fold"}'),
        PATIENCE,
      )
      .toBeGreaterThan(0)
  })

  it.each(['/metrics', '/traces'])(
    '%s is no part of the API, and is for no page of another origin',
    async (path) => {
      const foreign = await fetch(stack.httpUrl + path, { headers: { origin: 'https://evil.example' } })
      const document = await fetch(`${stack.httpUrl}/openapi.json`)
      const { paths } = (await document.json()) as { paths: object }

      expect(foreign.status).toBe(403)
      expect(Object.keys(paths)).not.toContain(path)
      expect((await fetch(stack.httpUrl + path, { method: 'HEAD' })).status).toBe(200)
      expect((await fetch(stack.httpUrl + path, { method: 'POST' })).status).toBe(404)
    },
  )
})
