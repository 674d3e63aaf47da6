import { mkdir, readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { publish, publishBatch } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import type { TestStack } from '../support/start-stack.ts'
import { axeViolations, goLive, openApp, overflowOf, PICTURES, startApp } from './support/open-app.ts'

const place = { location: 'Container terminal', coordinates: { latitude: 53.59, longitude: 8.53 } }
const EXAMPLES = [
  ['port.ship.arrived', 'mv-aurora', 'info', { shipId: 'mv-aurora', berth: 'B2', ...place }],
  ['port.container.arrived', 'MSKU-9021044', 'info', { containerId: 'MSKU-9021044', berth: 'B2', ...place }],
  ['port.container.delayed', 'TGHU-7714320', 'high', { containerId: 'TGHU-7714320', minutes: 300, ...place }],
  ['port.ship.arrived', 'mv-boreas', 'low', { shipId: 'mv-boreas', berth: 'B4' }],
  [
    'port.container.temperature-alarm',
    'HLXU-4464315',
    'critical',
    {
      title: 'Reefer HLXU-4464315 is 9 °C too warm',
      containerId: 'HLXU-4464315',
      temperature: -9,
      setpoint: -18,
      requiresAction: true,
      priority: 'urgent',
      metadata: { plug: 'R-17', inspected: false },
      ...place,
      description: 'The cooling of the container does not hold its temperature.',
    },
  ],
] as const

describe.skipIf(chromiumPath() === null)('port operations in Chromium', () => {
  let app: Awaited<ReturnType<typeof startApp>>
  let stack: TestStack
  let page: Page
  let admin: Page
  const problems: string[][] = []
  beforeAll(async () => {
    app = await startApp({ path: '/port', as: 'operator', prepare: publishExamples })
    ;({ stack, page } = app)
    const other = await openApp(app.browser, `${stack.webUrl}/port`, { as: 'admin' })
    admin = other.page
    problems.push(app.problems, other.problems)
    for (const one of [page, admin]) await row('Reefer HLXU-4464315', one).waitFor()
    await mkdir(PICTURES, { recursive: true })
    return app.stop
  })
  /** Each test begins with the same state of the page. */
  beforeEach(() => goLive(page, `${stack.webUrl}/port`))
  const row = (text: string, on = page) =>
    on.getByRole('row').filter({ hasText: text, hasNotText: 'Critical: ' }).first()
  const reefer = 'Reefer HLXU-4464315 is 9'
  const choose = async (text: string) => {
    await page.getByLabel('Search title, description and subject').fill(text)
    await page.getByText(/^1 of /).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
  }

  it('is created with a form that checks the rules of the catalog, with the keyboard only', async () => {
    await page.keyboard.press('e')
    const dialog = page.getByRole('dialog', { name: 'Create an event' })
    await dialog.getByLabel('What happened').selectOption('port.container.arrived')
    await dialog.getByLabel('Title').fill('A box from the keyboard')
    await dialog.getByLabel('Weight kg').fill('-5')
    await dialog.getByLabel('Latitude').fill('95')
    await page.keyboard.press('Enter')
    await dialog.getByText('Must be at least 0.').waitFor()
    await dialog.getByText('Must be at most 90.').waitFor()
    expect(await axeViolations(page)).toEqual([])

    await dialog.getByLabel('Weight kg').fill('5')
    await dialog.getByLabel('Latitude').fill('')
    await dialog.getByLabel('Metadata').fill('{"order":820982911946154508}')
    await dialog.getByLabel('Title').press('Enter')

    await dialog.waitFor({ state: 'hidden' })
    await row('A box from the keyboard').waitFor()
    await row('A box from the keyboard', admin).waitFor()
  })

  it('shows every digit of its numbers', async () => {
    await choose('A box from the keyboard')
    await page.keyboard.press('o')
    const detail = page.getByRole('region', { name: 'A box from the keyboard' })
    await detail.getByText('820982911946154508', { exact: true }).waitFor()
    await detail.getByText('The event as JSON').click()
    await detail.getByText('"order": 820982911946154508').waitFor()
    await page.keyboard.press('Escape')
    await detail.waitFor({ state: 'hidden' })
  })

  it('is moved through its lifecycle with the keyboard only, and other users see it', async () => {
    await choose('temperature-alarm')
    await page.keyboard.press('m')
    for (const [key, status] of [
      ['a', 'Acknowledged'],
      ['s', 'In progress'],
      ['r', 'Resolved'],
      ['c', 'Closed'],
    ] as const) {
      await page.keyboard.press(key)
      await row(reefer).getByText(status, { exact: true }).waitFor()
    }
    await page.keyboard.press('a')
    await page
      .getByLabel('Messages')
      .getByText('This event is already closed by operator@tidewire.local')
      .waitFor()
    await row(reefer, admin).getByText('Closed', { exact: true }).waitFor()
    await page.keyboard.press('o')
    const detail = page.getByRole('region', { name: /Reefer/ })
    await detail.getByText('operator@tidewire.local: Resolved').waitFor()
    await detail.getByText('operator@tidewire.local assigned it to operator@tidewire.local').waitFor()
    await detail.getByText('R-17', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await detail.waitFor({ state: 'hidden' })
  })

  it('undoes a change, with the reason, if the server refuses it', async () => {
    const detail = 'This event is already acknowledged by anna.'
    await page.route(/acknowledge/, (route) =>
      route.fulfill({
        status: 409,
        headers: { 'access-control-allow-origin': '*' },
        contentType: 'application/problem+json',
        json: { title: 'Conflict', status: 409, detail },
      }),
    )
    await choose('TGHU-7714320')
    await page.keyboard.press('a')

    await page.getByLabel('Messages').getByText(detail).waitFor()
    await row('TGHU-7714320').getByText('New', { exact: true }).waitFor()
    await page.unroute(/acknowledge/)
  })

  it('does not offer what a role may not do; an admin erases with a reason, and deletes: the event is removed everywhere', async () => {
    await row('A box from the keyboard').click()
    await page.getByRole('button', { name: 'To me' }).waitFor()
    for (const name of ['Delete…', 'Erase…']) expect(await page.getByRole('button', { name }).count()).toBe(0)
    await page.keyboard.press('Escape')
    await page.keyboard.press('n')
    await row('A box from the keyboard', admin).click()
    await admin.getByRole('button', { name: 'Erase…' }).click()
    const dialog = admin.getByRole('dialog', { name: /^Erase/ })
    const erase = dialog.getByRole('button', { name: 'Erase for good' })
    expect(await erase.getAttribute('aria-disabled')).toBe('true')
    await dialog.getByLabel('Reason').fill('a test')
    expect(await axeViolations(admin)).toEqual([])
    await admin.screenshot({ path: `${PICTURES}/port-erase-1440.png` })
    await erase.click()
    await admin.getByText('Erased', { exact: true }).first().waitFor()
    await row('A box from the keyboard').waitFor({ state: 'hidden' })
    await admin.getByRole('button', { name: 'Delete…' }).click()
    await admin.getByRole('button', { name: 'Yes, delete' }).click()

    await row('A box from the keyboard').waitFor({ state: 'hidden' })
  })

  it('is assigned to people of the directory: searched, chosen with the keyboard or a click, taken away', async () => {
    await row('TGHU-7714320').click()
    const detail = page.getByRole('region', { name: /TGHU-7714320/ })
    const box = detail.getByRole('combobox', { name: 'Assignee' })
    const options = detail.getByRole('option')
    const assigned = (what: string) => detail.getByText(what).first().waitFor()

    await box.focus()
    await page.keyboard.press('ArrowDown')
    await options.nth(3).waitFor()
    expect(await options.locator('span').allTextContents()).toEqual(
      ['operator', 'admin', 'publisher', 'viewer'].map((name) => `${name}@tidewire.local`),
    )
    expect(await axeViolations(page, [], ['.case-actions'])).toEqual([])
    await page.screenshot({ path: `${PICTURES}/port-assign-1440.png` })
    await page.keyboard.press('Escape')
    await options.first().waitFor({ state: 'hidden' })
    await box.fill('nobody here')
    await detail.getByText('Nobody has this name. Try another part of it.').waitFor()
    await box.fill('VIEW')
    await page.keyboard.press('Enter')
    await assigned('operator@tidewire.local assigned it to viewer@tidewire.local')
    await expect.poll(() => box.inputValue()).toBe('viewer@tidewire.local')

    await box.click()
    await options.filter({ hasText: 'publisher@tidewire.local' }).click()
    await assigned('operator@tidewire.local assigned it to publisher@tidewire.local')
    await box.click()
    await options.filter({ hasText: 'Nobody' }).click()
    await assigned('operator@tidewire.local took it from its assignee')
    await expect.poll(() => box.inputValue()).toBe('')
  })

  it('says why there are no people to choose from, and asks again; a narrow drawer stays open', async () => {
    const { page: narrow } = await openApp(app.browser, `${stack.webUrl}/port`, {
      as: 'operator',
      width: 360,
      height: 740,
    })
    const detail = 'The directory of people cannot be asked at the moment; nothing was changed. Try again.'
    await narrow.route(/\/users\?/, (route) =>
      route.fulfill({
        status: 503,
        headers: { 'access-control-allow-origin': '*' },
        contentType: 'application/problem+json',
        json: { title: 'Unavailable', status: 503, detail },
      }),
    )
    await row('MSKU-9021044', narrow).click()
    const drawer = narrow.getByRole('dialog')
    const box = drawer.getByRole('combobox', { name: 'Assignee' })
    await box.click()
    await drawer.getByText(detail).waitFor()
    await narrow.unroute(/\/users\?/)
    await drawer.getByRole('button', { name: 'Try again' }).click()
    await drawer.getByRole('option').nth(3).waitFor()
    expect(await overflowOf(narrow)).toBe(0)
    await narrow.screenshot({ path: `${PICTURES}/port-assign-360.png` })

    await box.press('Escape')
    await drawer.getByRole('option').first().waitFor({ state: 'hidden' })
    await drawer.getByRole('button', { name: 'To me' }).click()
    await expect.poll(() => box.inputValue()).toBe('operator@tidewire.local')
    await narrow.context().close()
  })

  it('offers a publisher no move, neither beside the event nor in its row, and shows why', async () => {
    const { page: publisher, problems: found } = await openApp(app.browser, `${stack.webUrl}/port`, {
      as: 'publisher',
    })
    const line = row('MSKU-9021044', publisher)
    await line.click()
    const actions = publisher.getByRole('region', { name: 'Actions' })
    const reason = 'This takes the role operator; yours is publisher.'
    await actions.getByText(reason).waitFor()
    for (const button of ['Acknowledge', 'Start', 'Resolve', 'Close', 'To me'])
      await expect
        .poll(() => actions.getByRole('button', { name: button, exact: true }).getAttribute('title'))
        .toBe(reason)
    expect(await line.getByRole('button').count()).toBe(0)
    expect(await row('MSKU-9021044').getByRole('button', { name: 'Acknowledge' }).count()).toBe(1)

    await publisher.keyboard.press('a')

    await publisher.getByLabel('Messages').getByText(reason).waitFor()
    await line.getByText('New', { exact: true }).waitFor()
    expect(found).toEqual([])
    await publisher.context().close()
  })

  it('filters the feed while it is live, and keeps the filter in the address', async () => {
    await page.getByRole('button', { name: 'Critical' }).click()
    await expect.poll(() => page.url()).toContain('severity=critical')
    await row('TGHU-7714320').waitFor({ state: 'hidden' })
    await publish(stack.httpUrl, {
      type: 'port.notice',
      category: 'port.port',
      severity: 'critical',
      data: { title: 'Storm surge' },
    })
    await publish(stack.httpUrl, {
      type: 'port.notice',
      category: 'port.port',
      data: { title: 'Canteen closed' },
    })
    await row('Storm surge').waitFor()
    expect(await row('Canteen closed').count()).toBe(0)
    await page.reload()
    await row('Storm surge').waitFor()

    await page.getByLabel('Search title, description and subject').fill('nothing has this')
    await page.getByText('No event passes the filter').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await row('Canteen closed').waitFor()
  })

  it('exports the events that match the filter', async () => {
    await page.getByRole('button', { name: 'Critical' }).click()
    await row('Canteen closed').waitFor({ state: 'hidden' })
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export CSV' }).click(),
    ])
    const csv = await readFile((await download.path()) ?? '', 'utf8')

    expect(csv.startsWith('\ufeffid,')).toBe(true)
    expect(csv).toContain('Storm surge')
    expect(csv).not.toContain('Canteen closed')
  })

  it('marks an event that is ahead of the log, counts it nowhere and offers no move', async () => {
    const data = { title: 'Clock of the gate is fast' }
    await publish(stack.httpUrl, { type: 'port.notice', time: '2099-06-30T23:59:60Z', data })
    const shown = row(data.title)
    await shown.getByText('Ahead').waitFor()
    expect(await shown.getByRole('button').count()).toBe(0)

    await shown.click()
    await page.getByText('too far ahead of the log').waitFor()
    expect(await page.getByText('Jun 30, 2099').count()).toBeGreaterThan(0)
    expect(await page.getByLabel('Actions', { exact: true }).count()).toBe(0)
    await page.screenshot({ path: `${PICTURES}/port-event-ahead.png` })
    await page.reload()
    await page.getByText('too far ahead of the log').waitFor()
  })

  it('shows one event with its map, on a wall and on a phone, without a fault for axe', async () => {
    await goLive(page, `${stack.webUrl}/port?q=reefer`)
    await row(reefer).click()
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [1440, 360]) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: width === 360 ? 740 : 900 })
        await page.locator('.event-map-land').first().waitFor()
        expect([colorScheme, width, await axeViolations(page)]).toEqual([colorScheme, width, []])
        expect(await overflowOf(page)).toBeLessThanOrEqual(0)
        await page.screenshot({ path: `${PICTURES}/port-event-${colorScheme}-${width}.png` })
      }
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.emulateMedia({ colorScheme: 'light' })
  })

  it('does not move the rows after scrolling, counts new events, and resumes with one key', async () => {
    const events = (name: string, count: number) =>
      Array.from({ length: count }, (_, n) => ({
        specversion: '1.0',
        id: `${name}-${n}`,
        source: '/scroll',
        type: 'port.notice',
        category: 'port.port',
        data: { title: `Scrolled ${name} ${n}` },
      }))
    // Only these match, because events that still follow from earlier tests would be counted as new as well.
    await goLive(page, `${stack.webUrl}/port?q=scrolled`)
    await publishBatch(stack.httpUrl, events('many', 200))
    await page.getByText(/^200 of /).waitFor()
    await page.getByRole('grid', { name: 'Events' }).hover()
    const scrollTop = () => page.evaluate('document.querySelector(".feed-grid").scrollTop')
    await page.mouse.wheel(0, 1500)
    await expect.poll(scrollTop).toBe(1500) // it scrolls smoothly
    await page.getByRole('button', { name: /^Resume/ }).waitFor()
    const rowAtPoint = 'document.elementFromPoint(500, 600)?.closest("[role=row]")?.id'
    const id = await (await page.waitForFunction(rowAtPoint)).jsonValue()
    const anchor = page.locator(`[id="${id}"]`)
    const before = await anchor.boundingBox()
    await publishBatch(stack.httpUrl, events('later', 37))

    await page.getByRole('button', { name: 'Resume · 37 new' }).waitFor()
    expect(await anchor.boundingBox()).toEqual(before)
    await page.keyboard.press('n')
    await row('Scrolled later').waitFor()
    await expect.poll(scrollTop).toBe(0)
  })

  it('does not move the rows under the pointer until it leaves', async () => {
    const notice = (title: string) =>
      publish(stack.httpUrl, { type: 'port.notice', category: 'port.port', data: { title } })
    await page.getByRole('heading', { name: 'Live feed' }).hover()
    await notice('Under the pointer')
    const line = row('Under the pointer')
    await line.hover()
    const before = await line.boundingBox()
    await notice('Came meanwhile')
    await page.getByText('1 new', { exact: true }).waitFor()
    expect(await line.boundingBox()).toEqual(before)
    await line.getByRole('button', { name: 'Acknowledge' }).click()
    await line.getByText('Acknowledged', { exact: true }).waitFor()

    await page.getByRole('heading', { name: 'Live feed' }).hover()

    await row('Came meanwhile').waitFor()
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor()
  })

  it('prints the statistics and the newest rows: light, complete, without controls', async () => {
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' })
    const shown = Number(/^\d+/.exec((await page.locator('.feed-count').first().textContent()) ?? '')?.[0])
    expect(shown).toBeGreaterThan(200)
    await expect.poll(() => page.locator('.feed-row').count()).toBe(200)
    await page.getByText('The newest 200 of them').waitFor()
    expect(await page.getByRole('button').count()).toBe(0)
    expect(await page.getByRole('navigation', { name: 'Main' }).isVisible()).toBe(false)
    expect(await page.evaluate('getComputedStyle(document.querySelector(".card")).backgroundColor')).toBe(
      'rgb(255, 255, 255)',
    )
    const pdf = await page.pdf({ format: 'A4' })
    expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length).toBeGreaterThan(4)
    await page.emulateMedia({ colorScheme: 'light', media: 'screen' })
    await expect.poll(() => page.locator('.feed-row').count()).toBeLessThan(60)
  })

  it('pauses and resumes with one key', async () => {
    await goLive(page, `${stack.webUrl}/port?q=paused`)
    await page.locator('body').press('Space')
    await page.getByRole('button', { name: 'Resume', exact: true }).waitFor()
    await publish(stack.httpUrl, {
      type: 'port.notice',
      category: 'port.port',
      data: { title: 'While paused' },
    })
    await page.getByRole('button', { name: 'Resume · 1 new' }).waitFor()
    expect(await row('While paused').count()).toBe(0)

    await page.locator('body').press('Space')

    await row('While paused').waitFor()
  })

  it('reports that it is offline, and prevents moves on old data', async () => {
    await page.context().setOffline(true)
    await page.getByText('The server cannot be reached. Retrying.').first().waitFor()

    const create = page.getByRole('button', { name: 'Create event' })
    expect(await create.getAttribute('title')).toContain('may be out of date')
    expect(await axeViolations(page)).toEqual([])
    await page.screenshot({ path: `${PICTURES}/port-offline.png` })
    await page.context().setOffline(false)
    await page.getByText('Events appear as they happen.').first().waitFor()
    expect(problems).toEqual([[], []])
  })
})

async function publishExamples({ httpUrl }: TestStack): Promise<void> {
  for (const [type, subject, severity, data] of EXAMPLES)
    await publish(httpUrl, { type, subject, severity, data })
}
