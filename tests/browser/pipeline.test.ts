import { type Consumer, Kafka, logLevel, Partitioners } from 'kafkajs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishBatch } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import type { TestStack } from '../support/start-stack.ts'
import { axeViolations, openApp, PICTURES, startApp } from './support/open-app.ts'
import { checkLooks } from './support/visit-places.ts'

const TOPIC = 'container-events'
const SLOW = 'slow-readers'
const SLOW_TOPIC = 'slow-topic'
const RECORDS = 60

/** Events of one container, so that they are in one partition in order. */
const arrivals = Array.from({ length: RECORDS }, (_, index) => ({
  specversion: '1.0',
  id: `arrival-${index}`,
  source: '/gates',
  type: 'port.container.arrived',
  subject: 'BOX-1',
  partitionkey: 'BOX-1',
  data: {
    title: `Arrival ${index}`,
    containerId: 'BOX-1',
    note: index === 41 ? 'a broken seal' : 'as usual',
  },
}))

describe.skipIf(chromiumPath() === null)('the pipeline page in Chromium', () => {
  let stack: TestStack
  let browser: Browser
  let page: Page
  let problems: string[]
  let partition: number
  let slow: Consumer

  beforeAll(async () => {
    const app = await startApp({
      path: '/pipeline',
      prepare: async ({ httpUrl, ports }) => {
        const [first] = await publishBatch(httpUrl, arrivals)
        partition = first?.partition ?? 0
        slow = await startSlowGroup(`127.0.0.1:${ports.KAFKA_PORT}`)
      },
    })
    ;({ stack, browser, page, problems } = app)
    return app.stop
  })
  afterAll(() => slow?.disconnect())

  const open = async (path: string) => {
    await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`)
  }
  const looks = async (where: string, proof: string) => {
    const reached = () => page.locator(proof).first().waitFor()
    const onLook = (name: string) =>
      page.screenshot({
        path: `${PICTURES}/pipeline-${where}-${name.replaceAll(' ', '-')}.png`,
      })
    expect(await checkLooks(page, where, { reached, onLook })).toEqual([])
  }

  it('shows what Kafka has, and the groups that are behind', async () => {
    await page.getByRole('row').filter({ hasText: SLOW }).getByText('Lagging').waitFor()
    await page.getByRole('link', { name: TOPIC, exact: true }).waitFor()
    await page
      .getByText(`127.0.0.1:${stack.ports.KAFKA_PORT}`)
      .or(page.getByText(`localhost:${stack.ports.KAFKA_PORT}`))
      .first()
      .waitFor()

    await looks('overview', '.overview-totals')
  })

  it('browses a topic to a given offset, at which a link leads to one record', async () => {
    await page.getByRole('tab', { name: 'Topics' }).click()
    await page.getByRole('link', { name: TOPIC }).waitFor()
    await page.getByRole('columnheader', { name: 'Records', exact: true }).getByRole('button').click()
    await looks('topics', '.topic-name')
    await page.getByRole('link', { name: TOPIC }).click()
    await page.getByLabel('Partition', { exact: true }).selectOption(String(partition))
    await page.getByLabel('From offset').fill('12')
    await page.getByRole('button', { name: 'Show', exact: true }).click()

    await page.locator('tr[data-offset="12"]').waitFor()
    await page.locator('tr[data-offset="11"]').waitFor({ state: 'detached' })
    await looks('records', 'tr[data-offset="12"]')
    await page.getByRole('button', { name: 'Open the record at offset 12' }).click()
    const drawer = page.getByRole('dialog', { name: 'Offset 12' })
    await drawer.getByText('"arrival-12"').waitFor()
    await drawer.getByText('written by Tidewire').waitFor()
    await looks('record', '[role=dialog] .record-code')
    await drawer.getByRole('radio', { name: 'Headers' }).check()
    await drawer.getByText('application/cloudevents+json').waitFor()
    await drawer.getByRole('row', { name: /tidewire-signature not shown/ }).waitFor()
    await drawer.getByRole('radio', { name: 'Hex' }).check()
    await drawer.getByText('000000').waitFor()
    expect(await axeViolations(page)).toEqual([])
    const address = page.url()
    expect(address).toContain(`topic=${TOPIC}&partition=${partition}&offset=12&record=12`)
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })

    await page.goto(address)
    await page.getByRole('dialog', { name: 'Offset 12' }).getByText('"arrival-12"').waitFor()
    await page.keyboard.press('Escape')
  })

  it('finds records by a text and by a member, and says how far it looked', async () => {
    await page.getByLabel('From offset').fill('0')
    await page.getByLabel('With the text').fill('Broken SEAL')
    await page.keyboard.press('Enter')
    await page.locator('tr[data-offset="41"]').waitFor()
    await page.getByText(/1 record of \d+ that were looked at, up to the end/).waitFor()

    await page.getByLabel('With the text').fill('')
    await page.getByLabel('With the member').fill('id=arrival-7')
    await page.keyboard.press('Enter')
    await page.locator('tr[data-offset="7"]').waitFor()
    await page.locator('tr[data-offset="41"]').waitFor({ state: 'detached' })
    await page.getByLabel('With the member').fill('nothing')
    await page.getByText('Write a member and its value').waitFor()
  })

  it('follows a partition live, pauses, and goes on where it was', async () => {
    await open(`/pipeline/topics?topic=${TOPIC}&partition=${partition}`)
    await page.getByRole('button', { name: 'Follow live' }).click()
    await page.getByText(/newest first/).waitFor()
    const more = (id: string) => publishBatch(stack.httpUrl, [{ ...arrivals[0], id }])

    await more('live-1')
    await page.getByText('live-1').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await more('live-2')
    await page.getByRole('button', { name: 'Resume' }).waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('live-2').waitFor()
    await looks('live', '.record-preview')
    await page.getByRole('button', { name: 'Stop following' }).click()
  })

  it('shows a lagging group, and how it recovers', async () => {
    await page.getByRole('tab', { name: 'Groups' }).click()
    const row = page.getByRole('row').filter({ hasText: SLOW })
    await row.getByText('Lagging').waitFor()
    await row.getByRole('button', { name: SLOW }).click()
    const detail = page.locator('.group-detail')
    await detail.getByText('100 records behind').waitFor()
    await detail.getByText('slow-reader').first().waitFor()
    await looks('groups', '.group-detail canvas')

    const commit = (offset: number) =>
      slow.commitOffsets([{ topic: SLOW_TOPIC, partition: 0, offset: String(offset) }])
    await commit(40)
    await detail.getByText('Recovering').waitFor()
    await detail.getByText('60 records behind').waitFor()
    await looks('recovering', '.group-detail canvas')
    await commit(100)
    await detail.getByText('Recovered').waitFor()
    await detail.getByText('0 records behind.').waitFor()
    await row.getByText('Recovered').waitFor()
  })

  it('shows the consumer groups of the triggers, with their members', async () => {
    await open('/pipeline/groups?q=fold')
    const row = page.getByRole('row').filter({ hasText: 'fold' }).filter({ hasText: TOPIC })
    await row.getByText('Reading').waitFor()
  })

  it('shows operators no records, and viewers that it is not for them', async () => {
    const operator = await openApp(browser, `${stack.webUrl}/pipeline/topics?topic=${TOPIC}`, {
      as: 'operator',
    })
    await operator.page.getByText('Records are for admins').waitFor()
    await operator.page
      .getByRole('cell', { name: String(RECORDS) })
      .or(operator.page.getByText(/records in 3 partitions/))
      .first()
      .waitFor()
    expect(await operator.page.getByRole('tab').allTextContents()).toEqual(['Overview', 'Topics', 'Groups'])
    expect(await axeViolations(operator.page)).toEqual([])
    await operator.page.context().close()

    const viewer = await openApp(browser, `${stack.webUrl}/pipeline`, { as: 'viewer' })
    await viewer.page.getByText('This takes the role operator; yours is viewer.').waitFor()
    expect(await viewer.page.getByRole('link', { name: 'Pipeline' }).count()).toBe(0)
    await viewer.page.context().close()
  })

  it('throws and logs no errors', () => {
    expect(problems).toEqual([])
  })
})

/** A group that has read 100 records, the oldest a minute old, and has committed nothing but the beginning. */
async function startSlowGroup(broker: string): Promise<Consumer> {
  const kafka = new Kafka({ brokers: [broker], clientId: 'slow-reader', logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await Promise.all([admin.connect(), producer.connect()])
  await admin.createTopics({ topics: [{ topic: SLOW_TOPIC, numPartitions: 1 }], waitForLeaders: true })
  const timestamp = String(Date.now() - 60_000)
  await producer.send({
    topic: SLOW_TOPIC,
    messages: Array.from({ length: 100 }, (_, index) => ({ value: `record ${index}`, timestamp })),
  })
  await Promise.all([admin.disconnect(), producer.disconnect()])
  const consumer = kafka.consumer({ groupId: SLOW })
  await consumer.connect()
  await consumer.subscribe({ topic: SLOW_TOPIC, fromBeginning: true })
  const joined = new Promise((done) => consumer.on(consumer.events.GROUP_JOIN, done))
  await consumer.run({ autoCommit: false, eachMessage: async () => {} })
  await joined
  await consumer.commitOffsets([{ topic: SLOW_TOPIC, partition: 0, offset: '0' }])
  return consumer
}
