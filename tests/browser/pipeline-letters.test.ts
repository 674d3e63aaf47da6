import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { PositionedEvent } from '#shared/core/event.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import { openSocket, type TestSocket } from '../support/open-socket.ts'
import { API_KEY, type TestStack } from '../support/start-stack.ts'
import { axeViolations, startApp } from './support/open-app.ts'
import { showEachLook } from './support/show-each-look.ts'

/** An event whose data does not fit its schema, as a producer that writes into Kafka itself sends it. */
const EVENT = {
  specversion: '1.0',
  id: randomUUID(),
  source: '/cranes/4',
  type: 'port.container.damaged',
  subject: 'MSKU-9021044',
  datacontenttype: 'application/json',
  data: { title: 17 },
}

/** The JSON of the event with a number that no double holds. */
const withDigits = (event: { readonly data: object }) =>
  JSON.stringify({ ...event, data: { ...event.data, order: 0 } }).replace(
    '"order":0',
    '"order":820982911946154508',
  )

async function writeRecords(stack: TestStack, values: readonly string[]): Promise<void> {
  const brokers = [`127.0.0.1:${stack.ports.KAFKA_PORT}`]
  const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  const headers = { 'content-type': 'application/cloudevents+json' }
  const messages = values.map((value) => ({ key: 'MSKU-9021044', value, headers }))
  await producer.send({ topic: 'container-events', messages })
  await producer.disconnect()
}

describe.skipIf(chromiumPath() === null)('dead letters and replays in Chromium', () => {
  let stack: TestStack
  let page: Page
  let problems: string[]
  let socket: TestSocket
  beforeAll(async () => {
    const app = await startApp({
      as: 'admin',
      path: '/pipeline/dead-letters',
      prepare: async (started) => {
        socket = await openSocket(started.socketUrl, `key=${API_KEY}`)
        socket.send({ action: 'subscribe', id: 's1', channels: ['port.container'] })
      },
    })
    ;({ stack, page, problems } = app)
    return app.stop
  })

  const row = (text: string) => page.getByRole('row').filter({ hasText: text })
  const showEach = (name: string) => showEachLook(page, `pipeline-${name}`)

  it('a record that does not fit its schema is listed, and opened in every form', async () => {
    await writeRecords(stack, [withDigits(EVENT), 'this is no event'])
    await row('port.container.damaged').waitFor()
    await row('Cannot be decoded').waitFor()
    await page.getByText('2 dead letters match').waitFor()
    await showEach('letters')
    await row('port.container.damaged').getByRole('button').click()
    const drawer = page.getByRole('dialog')
    await drawer.getByText('"title": 17').waitFor()
    await drawer.getByText('"order": 820982911946154508').waitFor()
    await showEach('letter')
    await drawer.getByRole('radio', { name: 'Hex' }).check()
    await drawer.getByText('000000  7b 22').waitFor()
    await drawer.getByRole('radio', { name: 'Headers' }).check()
    await drawer.getByText('content-type: application/cloudevents+json').waitFor()
  })

  it('a dead letter is mended and replayed, and seen to arrive', async () => {
    await page.getByRole('button', { name: 'Mend and replay' }).click()
    const editor = page.getByLabel('Event', { exact: true })
    expect(await editor.inputValue()).toContain('"order": 820982911946154508')
    await editor.fill('{"id":')
    await page.getByRole('button', { name: 'Replay the mended event' }).click()
    await page.getByText('This is not JSON').waitFor()
    await editor.fill(JSON.stringify({ ...EVENT, data: { title: 18 } }, null, 2))
    await page.getByRole('button', { name: 'Replay the mended event' }).click()
    await page.getByRole('list', { name: 'What is wrong' }).getByText('/data/title').waitFor()
    await showEach('mend')
    await editor.fill(withDigits({ ...EVENT, data: { title: 'Dent in the door' } }))
    await page.getByRole('button', { name: 'Replay the mended event' }).click()

    const arrived = () => socket.frames.flatMap(({ events = [] }) => events as PositionedEvent[])
    await expect
      .poll(() => arrived().map(({ event }) => [event.id, event.data]), { timeout: 60_000 })
      .toEqual([[EVENT.id, { title: 'Dent in the door', order: 820982911946154500 }]])
    const read = await fetch(`${stack.httpUrl}/events/${EVENT.id}`, { headers: { 'x-api-key': API_KEY } })
    expect(await read.text()).toContain('"order":820982911946154508')
    await row('port.container.damaged').waitFor({ state: 'detached' })
    await page.getByText('1 dead letter match').waitFor()
  })

  it('what is left is discarded with a reason, after a count', async () => {
    await page.getByRole('button', { name: 'Discard all that match' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('1 dead letter will be discarded.').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await dialog.getByLabel('Reason').fill('A test of the crane')
    await dialog.getByRole('button', { name: 'Discard 1' }).click()

    await page.getByText('No dead letters').waitFor()
    await page.getByRole('radio', { name: 'Discarded' }).check()
    await row('Cannot be decoded').waitFor()
  })

  it('the replays say how far they are, and lead to the letters', async () => {
    await page.getByRole('tab', { name: 'Replays' }).click()

    await row('Dead letters replayed').getByText('1 of 1 done').waitFor()
    await row('Dead letters discarded').getByText('1 of 1 done').waitFor()
    await showEach('replays')
    await row('Dead letters replayed').getByRole('button', { name: 'Show the letters' }).click()
    await page.getByRole('dialog').getByText('replayed', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
  })

  it('a new replay is counted before it begins', async () => {
    await page.getByRole('tab', { name: 'Replays' }).click()
    await page.getByRole('button', { name: 'New replay' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('From').fill('2020-01-01T00:00')
    await dialog.getByLabel('Channels').fill('port.**')
    await dialog.getByRole('radio', { name: 'To a connection' }).check()
    await dialog.getByLabel('Id of the connection').fill('nobody')
    await dialog.getByRole('button', { name: 'Count' }).click()
    await dialog.getByRole('button', { name: /^Replay \d/ }).waitFor()
    await showEach('new-replay')
    await page.keyboard.press('Escape')
  })

  it('throws and logs no errors', () => {
    expect(problems).toEqual([])
  })
})
