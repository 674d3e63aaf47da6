import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type Tidewire } from '#shared/client/connect.ts'
import { blogViews, type PostState } from '#shared/domain/blog/blog-views.ts'
import type { SensorReport } from '#shared/domain/sensors/sensor-view.ts'
import { sensors } from '#shared/domain/sensors/sensors.ts'
import type { Aggregates, RecentAlerts } from '#shared/domain/sensors/sensors-views.ts'
import { takeSimulated } from '#shared/testing/domain/take-simulated.ts'
import { runCommand, succeeds } from '../clients/run-command.ts'
import { get, type Positioned, type Problem, post, publish, publishBatch, readLog } from '../support/api.ts'
import { bearer } from '../support/sign-in.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

/** Makes names unique to this run. */
const run = randomUUID().slice(0, 8)
const NOON = Date.parse('2026-03-01T12:00:00Z')
const PYTHON = '/usr/bin/python3'
const withoutPython = !succeeds(PYTHON, ['-c', 'import kafka'])

let stack: TestStack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack?.dispose())

/** Returns the state of a key, or of a view without keys; null if there is none. */
async function view<State>(path: string): Promise<State | null> {
  const { status, json } = await get<{ state: State }>(`${stack.httpUrl}/views/${path}`)
  return status === 200 ? json.state : null
}

/** Posts an event that must be refused. Returns the status, the pointer and the reason. */
async function refusal(event: object, headers: Record<string, string> = {}): Promise<readonly unknown[]> {
  const { status, json } = await post(stack.httpUrl, JSON.stringify(event), headers)
  const { errors = [], detail } = json as Problem
  return [status, ...(errors.length > 0 ? errors.map((one) => `${one.pointer} ${one.detail}`) : [detail])]
}

describe('the editors of a blog', () => {
  const postId = `p-${run}`
  const say = (verb: string, data: object = {}, by = 'ada') =>
    publish(stack.httpUrl, { type: `blog.post.${verb}`, data: { postId, by, ...data } })
  const stored = () => view<PostState>(`blog/posts/${postId}`)
  let list: Tidewire
  let posts: () => ReadonlyMap<string, PostState>
  beforeAll(() => {
    const { httpUrl, socketUrl } = stack
    list = connect({ httpUrl, socketUrl, credentials: { apiKey: API_KEY } })
    const followed = list.view(blogViews, 'posts')
    posts = () => followed.current().states
  })
  afterAll(() => list?.close())

  it('see a draft and its changes in the list without another request', async () => {
    await say('created', { title: 'Tides', author: 'Ada', tags: ['sea'] })
    await expect.poll(() => posts().get(postId)?.title).toBe('Tides')

    await say('updated', { title: 'Tide tables', excerpt: 'How to read them.' }, 'bo')
    await say('published', { slug: 'tide-tables' })
    await expect.poll(() => posts().get(postId)?.status).toBe('published')
    await say('unpublished')
    await expect.poll(() => posts().get(postId)?.version).toBe(4)

    // The list may be ahead of the snapshot: an event is pushed as soon as it is stored.
    await expect.poll(stored).toEqual(posts().get(postId))
    const post = posts().get(postId)
    expect(post).toMatchObject({ title: 'Tide tables', slug: 'tide-tables', status: 'draft', version: 4 })
    expect(post?.history.map(({ by, type, changed }) => `${by} ${type.slice(10)} ${changed}`)).toEqual([
      'ada created title,author,tags',
      'bo updated title,excerpt',
      'ada published slug',
      'ada unpublished ',
    ])
  })

  it('read refusals and their reasons in the history', async () => {
    await say('deleted')
    for (const verb of ['updated', 'published', 'created']) await say(verb, { title: 'Too late' }, 'mallory')
    await say('published', { postId: `never-${run}` })
    await expect.poll(async () => (await stored())?.history.length).toBe(8)

    expect(await stored()).toMatchObject({ title: 'Tide tables', status: 'deleted', version: 5 })
    expect((await stored())?.history.slice(5).map(({ by, refused }) => [by, refused])).toEqual(
      Array(3).fill(['mallory', 'the post is deleted']),
    )
    await expect
      .poll(() => view<PostState>(`blog/posts/never-${run}`))
      .toMatchObject({ status: 'unknown', version: 0, history: [{ refused: 'there is no such post' }] })
  })

  it('are refused at once if they cannot be a post, or their author may not write', async () => {
    const deletion = { type: 'blog.post.deleted', data: { postId } }
    const byKey = { 'x-api-key': 'wrong' }
    const byViewer = { ...(await bearer(stack, 'viewer')), 'x-api-key': '' }

    expect(await refusal({ type: 'blog.post.created', data: { postId, title: 7 } })).toMatchObject([
      422,
      expect.stringContaining('/data/title'),
    ])
    expect(await refusal({ type: 'blog.post.created', data: { tags: Array(21).fill('t') } })).toMatchObject([
      422,
      expect.stringContaining('/data/tags'),
    ])
    expect((await refusal(deletion, byKey))[0]).toBe(401)
    expect(await refusal(deletion, byViewer)).toEqual([
      403,
      expect.stringContaining('(viewer) may not write "blog.post.deleted"'),
    ])
  })
})

describe('the keeper of the sensors', () => {
  const nameOf = (sensorId: string) => `${sensorId}-${run}`
  const read = (sensorId: string) => view<SensorReport>(`sensors/sensors/${nameOf(sensorId)}`)
  const measure = (second: number, data: object) => {
    const time = new Date(NOON + second * 1000).toISOString()
    const sensorId = nameOf('shed')
    return publish(stack.httpUrl, {
      type: 'sensor.reading',
      time,
      data: { sensorId, location: sensorId, ...data },
    })
  }

  it('sees five sensors at five places, each with the averages of its last 5 minutes', async () => {
    let time = NOON
    const events = takeSimulated(sensors, 1, 1000, NOON).map(({ waitMs, event }, n) => {
      time += waitMs
      const data = event.data as { sensorId: string }
      const named = { ...data, sensorId: nameOf(data.sensorId) }
      const at = new Date(time).toISOString()
      return {
        specversion: '1.0',
        id: `${run}-${n}`,
        source: '/story',
        type: event.type,
        time: at,
        data: named,
      }
    })
    for (let from = 0; from < events.length; from += 500)
      await publishBatch(stack.httpUrl, events.slice(from, from + 500))
    const ids = new Set(events.map(({ data }) => data.sensorId))

    for (const sensorId of ids) {
      const path = `sensors/sensors/${sensorId}`
      await expect.poll(async () => (await view<SensorReport>(path))?.readings).toBe(200)
      const report = await view<SensorReport>(path)
      const own = events.filter(({ data }) => data.sensorId === sensorId)
      expect(report).toMatchObject({ late: 0, last: { time: own.at(-1)?.time }, average: naive(own) })
      expect(report?.day[0]?.time).toBe(new Date(NOON).toISOString())
    }
    expect(ids.size).toBe(5)
  })

  it.skipIf(withoutPython)('gets the same averages from a consumer in Python', async () => {
    const brokers = process.env.KAFKA_BROKERS ?? `127.0.0.1:${stack.ports.KAFKA_PORT}`
    const args = ['--brokers', brokers, '--group', `story-${run}`, '--until-end']

    const summary = await runCommand(PYTHON, ['docs/examples/sensor_averages.py', ...args])

    const { averages } = JSON.parse(summary) as {
      averages: Readonly<Record<string, SensorReport['average']>>
    }
    for (const place of ['quay-1', 'reefer-2', 'yard-3', 'shed-4', 'tower-5'])
      expect(averages[nameOf(place)]).toEqual((await read(place))?.average)
  })

  it('gets an alert when heat or humidity begins, again after 5 minutes, and when it is resolved', async () => {
    const told = async () =>
      (await readLog(stack.httpUrl, 'sensor.**')).filter(isTold).map(({ event }) => event)
    const isTold = ({ topic, event }: Positioned) =>
      topic === 'sensor-alerts' && event.subject === nameOf('shed')
    const readings = [
      [0, 34, 50],
      [2, 36.5, 50],
      [4, 37, 95],
      [290, 36, 91],
      [303, 36, 80],
      [305, 30, 80],
    ] as const
    for (const [second, temperature, humidity] of readings) await measure(second, { temperature, humidity })

    await expect.poll(async () => (await told()).length).toBe(5)
    expect((await told()).map(({ type, data }) => `${type} ${(data as { reason: string }).reason}`)).toEqual([
      'sensor.alert temperature above 35 °C',
      'sensor.alert humidity above 90 %',
      'sensor.alert temperature above 35 °C',
      'sensor.recovered humidity back to at most 90 %',
      'sensor.recovered temperature back to at most 35 °C',
    ])
    expect((await told())[1]).toMatchObject({
      category: `sensor.alert.${nameOf('shed')}`,
      severity: 'high',
      data: { measure: 'humidity', value: 95, limit: 90, temperature: 37 },
    })
    expect(await read('shed')).toMatchObject({ status: 'ok', location: nameOf('shed') })
    const listed = async () => (await view<RecentAlerts>('sensors/recent-alerts'))?.alerts ?? []
    await expect
      .poll(async () => (await listed()).filter(({ sensorId }) => sensorId === nameOf('shed')).length)
      .toBe(5)
  })

  it('finds every reading in the totals of its place', async () => {
    const { places = [] } = (await view<Aggregates>('sensors/aggregates')) ?? {}

    expect(places.find(({ location }) => location === nameOf('shed'))).toMatchObject({ readings: 6 })
    expect(places.find(({ location }) => location === 'North quay')?.readings).toBeGreaterThanOrEqual(200)
  })

  it.each([
    [{}, '/data is not right: a reading has a number as "temperature", as "humidity", or as both.'],
    [
      { temperature: '21' },
      '/data/temperature is not right: Invalid input: expected number, received string.',
    ],
    [{ temperature: 'NaN', humidity: 50 }, '/data/temperature'],
    [{ temperature: -90.1 }, '/data/temperature is not right: Too small: expected number to be >=-90.'],
    [{ humidity: 100.1 }, '/data/humidity is not right: Too big: expected number to be <=100.'],
  ])('gets a refusal of %j at once', async (data, reason) => {
    expect(await refusal({ type: 'sensor.reading', data })).toMatchObject([
      422,
      expect.stringContaining(reason),
    ])
  })

  it('finds invalid readings that were written straight into Kafka among the dead letters', async () => {
    const brokers = (process.env.KAFKA_BROKERS ?? `127.0.0.1:${stack.ports.KAFKA_PORT}`).split(',')
    const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
    const sensorId = nameOf('broken')
    const context = {
      specversion: '1.0',
      source: '/story',
      type: 'sensor.reading',
      time: new Date(NOON).toISOString(),
    }
    const bad = { ...context, id: `${run}-bad`, data: { sensorId, temperature: 'warm' } }
    const good = { ...context, id: `${run}-good`, data: { sensorId, temperature: 20 } }
    const headers = { 'content-type': 'application/cloudevents+json' }
    const messages = [bad, good].map((event) => ({ key: sensorId, value: JSON.stringify(event), headers }))
    await producer.send({ topic: 'sensor-readings', messages })
    await producer.disconnect()

    await expect.poll(() => read('broken')).toMatchObject({ readings: 1, last: { temperature: 20 } })
    type Letters = { deadLetters: { value: string; reason: string }[] }
    const mine = async () => {
      const { json } = await get<Letters>(`${stack.httpUrl}/dead-letters?limit=500`)
      return json.deadLetters.filter(({ value }) => Buffer.from(value, 'base64').includes(`${run}-bad`))
    }
    await expect.poll(mine).toMatchObject([{ reason: expect.stringContaining('/data/temperature') }])
  })
})

type Sent = { readonly time: string; readonly data: object }

/** The averages of the last 300 seconds of readings in order, added up one by one. */
function naive(events: readonly Sent[]): SensorReport['average'] {
  const secondOf = ({ time }: Sent) => Math.floor(Date.parse(time) / 1000)
  const latest = Math.max(...events.map(secondOf))
  const within = events.filter((event) => secondOf(event) > latest - 300)
  const mean = (name: string) => {
    const values = within.map(({ data }) =>
      Math.round(((data as Record<string, number>)[name] ?? Number.NaN) * 100),
    )
    return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length) / 100
  }
  return { temperature: mean('temperature'), humidity: mean('humidity') }
}
