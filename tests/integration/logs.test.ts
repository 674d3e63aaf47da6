import { createHmac } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publish } from '../support/api.ts'
import { logLeaks } from '../support/log-leaks.ts'
import { type Frame, openSocket } from '../support/open-socket.ts'
import { addressOf, initiateAuth, PASSWORD } from '../support/sign-in.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

/** Every text that is sent has this in it, so that whatever quotes it is found. */
const MARK = 'MARKED-7f3a'
const SECRET = `${MARK}-webhook-secret`
/** In no event, so that it must not be in anything that the stack shows either. */
const TOKEN = 'TOKEN-51bd-of-a-query'

let stack: TestStack
beforeAll(async () => {
  stack = await startStack({
    env: { WEBHOOK_SECRET_GITHUB: SECRET, WEBHOOK_SECRET_CLOUDEVENTS: TOKEN, RATE_LIMITS: 'write=50' },
  })
})
afterAll(() => stack.dispose())

const KEY = { 'x-api-key': API_KEY }
const JSON_TYPE = { 'content-type': 'application/json' }

async function send(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
  const response = await fetch(stack.httpUrl + path, { method, headers, ...(body !== undefined && { body }) })
  await response.arrayBuffer()
  return response.status
}

const event = (more: object = {}) => JSON.stringify({ type: 'note.written', data: { text: MARK }, ...more })
const github = (body: string, secret: string) => ({
  ...JSON_TYPE,
  'x-github-event': 'push',
  'x-github-delivery': `${MARK}-delivery`,
  'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
})

const push = JSON.stringify({ ref: MARK, repository: { full_name: MARK } })

test('nothing that is sent to the stack is in its log: no credential, no body, no header, no event', async () => {
  const statuses = [
    // What works.
    await send('POST', '/events', { ...KEY, ...JSON_TYPE, 'idempotency-key': `"${MARK}-key"` }, event()),
    await send('GET', `/events?q=${MARK}&subject=${MARK}`, KEY),
    await send('GET', `/events/${MARK}`, KEY),
    // Credentials that are none.
    await send('GET', '/events', { 'x-api-key': `tw_${MARK}` }),
    await send('GET', '/events', { authorization: `Bearer ${MARK}.${MARK}.${MARK}` }),
    await send('GET', '/events', { authorization: `Basic ${MARK}` }),
    // Bodies that are none.
    await send('POST', '/events', { ...KEY, ...JSON_TYPE }, `{"type": ${MARK}`),
    await send('POST', '/events', { ...KEY, ...JSON_TYPE }, event({ time: MARK, severity: MARK })),
    await send('POST', '/events', { ...KEY, 'content-type': `text/${MARK}` }, MARK),
    await send('POST', '/events', { ...KEY, ...JSON_TYPE }, event({ category: `${MARK}..x` })),
    await send(
      'POST',
      `/events/${MARK}/acknowledge`,
      { ...KEY, ...JSON_TYPE, 'if-match': `"${MARK}"` },
      `{"note":`,
    ),
    await send('GET', `/events/since?channel=**&cursor=${MARK}`, KEY),
    await send('GET', `/views/${MARK}`, KEY),
    // Webhooks: a right signature, and wrong ones.
    await send('POST', '/webhooks/github', github(push, SECRET), push),
    await send('POST', '/webhooks/github', github(push, MARK), push),
    await send('POST', '/webhooks/slack', JSON_TYPE, JSON.stringify({ token: MARK })),
    await send(
      'POST',
      '/webhooks/mailgun',
      { 'content-type': 'application/x-www-form-urlencoded' },
      `a=${MARK}`,
    ),
  ]
  expect(statuses.filter((status) => status >= 500)).toEqual([])
  expect(statuses.filter((status) => status === 202)).toHaveLength(2)

  await initiateAuth(stack, 'USER_PASSWORD_AUTH', { USERNAME: addressOf('viewer'), PASSWORD })
  await initiateAuth(stack, 'USER_PASSWORD_AUTH', { USERNAME: addressOf('viewer'), PASSWORD: MARK })
  await expect(openSocket(stack.socketUrl, `ticket=${MARK}`)).rejects.toThrow()
  const socket = await openSocket(stack.socketUrl)
  const answers: Frame[] = []
  for (const [index, message] of [
    `{"action":"${MARK}"}`,
    MARK,
    JSON.stringify({ action: 'refresh', id: 's', token: MARK }),
    JSON.stringify({ action: 'subscribe', id: 's', attempt: 1, channels: [`${MARK}..`], cursor: MARK }),
  ].entries()) {
    socket.send(message)
    answers[index] = await socket.next(() => true)
  }
  expect(answers.map(({ type }) => type)).not.toContain('subscribed')
  await socket.close()

  // Records that become dead letters, and an event that is valid only in its form.
  const kafka = new Kafka({ brokers: [`127.0.0.1:${stack.ports.KAFKA_PORT}`], logLevel: logLevel.NOTHING })
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({
    topic: 'events',
    messages: [
      `{"${MARK}`,
      MARK,
      event({ specversion: '1.0', id: MARK, source: MARK, category: `${MARK}.` }),
    ].map((value) => ({ key: MARK, value, headers: { 'content-type': 'application/cloudevents+json' } })),
  })
  await producer.disconnect()
  await expect
    .poll(async () => {
      const response = await fetch(`${stack.httpUrl}/dead-letters`, { headers: KEY })
      return ((await response.json()) as { deadLetters: unknown[] }).deadLetters.length
    })
    .toBe(3)
  await publish(stack.httpUrl, { type: 'note.written', data: { text: MARK } })

  expect(logLeaks(stack.output(), [MARK, Buffer.from(MARK).toString('base64')])).toEqual([])
})

test('a token in the query of a webhook is in no log, trace, metric, list or response', async () => {
  const shown: string[] = []
  const deliver = async (query: string, headers: Record<string, string> = {}) => {
    const body = event({ specversion: '1.0', id: `q${shown.length}`, source: '/sender' })
    const response = await fetch(`${stack.httpUrl}/webhooks/cloudevents?${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json', traceparent: TRACED, ...headers },
      body,
    })
    shown.push(JSON.stringify([...response.headers]), await response.text())
    return response.status
  }

  expect([
    await deliver(`access_token=${TOKEN}`),
    await deliver(`a=1&access_token=${encodeURIComponent(`${TOKEN} not`)}`),
    await deliver(`access_token=${TOKEN}&access_token=${TOKEN}`),
    await deliver(`access_token=${TOKEN}`, { authorization: `Bearer ${TOKEN}` }),
    await deliver(`access_token=${TOKEN}%zz`),
    await deliver(`access_token=${TOKEN}`, { 'content-encoding': 'zstd' }),
    await send('POST', `/webhooks/nothing?access_token=${TOKEN}`),
    await send('GET', `/webhooks/cloudevents?access_token=${TOKEN}`),
    await send('GET', `/events?access_token=${TOKEN}`),
  ]).toEqual([202, 401, 400, 400, 400, 415, 404, 405, 401])
  const paths = [
    '/events',
    '/events.csv',
    '/audit',
    '/dead-letters',
    '/streams/tidewire-audit/0',
    '/traces',
    '/metrics',
  ]
  for (const path of paths) shown.push(await (await fetch(stack.httpUrl + path, { headers: KEY })).text())
  await expect
    .poll(async () =>
      (await fetch(`${stack.httpUrl}/audit?action=signature.refused`, { headers: KEY })).text(),
    )
    .toContain('"target":"cloudevents"')

  expect(logLeaks(stack.output(), [TOKEN, Buffer.from(TOKEN).toString('base64').slice(0, -4)])).toEqual([])
  expect(shown.filter((text) => text.includes(TOKEN))).toEqual([])
})

/** A trace that is sampled, so that the spans of the requests are kept. */
const TRACED = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

test('a start that fails says which variable is wrong, and not its value', async () => {
  const failed = startStack({ env: { WEBHOOK_SOURCES: `{"${MARK}":` } }).then(
    () => 'started',
    (error: Error) => error.message,
  )

  expect(await failed).toMatch(/WEBHOOK_SOURCES/)
  expect(await failed).not.toContain(MARK)
})
