import type { Browser, Locator, Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { publish } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import type { TestStack } from '../support/start-stack.ts'
import { axeViolations, goLive, openApp, startApp } from './support/open-app.ts'

describe.skipIf(chromiumPath() === null)('sensors and blog in Chromium', () => {
  let stack: TestStack
  let browser: Browser
  let page: Page
  let problems: string[]
  beforeAll(async () => {
    const app = await startApp({ as: 'operator' })
    ;({ stack, browser, page, problems } = app)
    return app.stop
  })

  const focused = () => page.evaluate('document.activeElement?.textContent')
  const card = (title: string): Locator => page.getByRole('region', { name: title, exact: true })
  const row = (title: string | RegExp) => card('Posts').getByRole('row', { name: title })
  const read = (sensorId: string, temperature: number, humidity: number, agoMs = 0) => {
    const time = new Date(Date.now() - agoMs).toISOString()
    return publish(stack.httpUrl, { type: 'sensor.reading', time, data: { sensorId, temperature, humidity } })
  }
  const change = (verb: string, postId: string, data: object = {}) =>
    publish(stack.httpUrl, {
      type: `blog.post.${verb}`,
      subject: postId,
      data: { postId, by: 'bo', ...data },
    })

  describe('sensors', () => {
    const sensor = (place: string) => page.getByRole('listitem').filter({ hasText: place })

    it('appear with their first reading, with status in words, averages and age', async () => {
      await page.goto(`${stack.webUrl}/sensors`)
      await page.getByText('No sensor has reported yet').waitFor()
      expect(await axeViolations(page)).toEqual([])

      await read('quay-1', 20, 60, 4000)
      await read('quay-1', 22, 61, 2000)

      await sensor('North quay').getByText('Normal').waitFor()
      await sensor('North quay').getByText('22.0 °C').waitFor()
      await sensor('North quay').getByText('21.0 °C').waitFor()
      await sensor('North quay')
        .getByText(/Updated \d+ s ago/)
        .waitFor()
      await sensor('North quay')
        .getByRole('img', { name: /Temperature of North quay/ })
        .waitFor()
    })

    it('report a problem in the card, the feed and the navigation, and when it is resolved', async () => {
      await read('quay-1', 38.5, 61)

      await sensor('North quay').getByText('Too hot').waitFor()
      await card('Alerts').getByText('temperature above 35 °C').waitFor()
      expect(await axeViolations(page)).toEqual([])
      await page.getByRole('link', { name: /Sensors 1 active sensor alert/ }).waitFor()

      await read('quay-1', 21, 61)
      await sensor('North quay').getByText('Normal').waitFor()
      await card('Alerts').getByText('temperature back to at most 35 °C').waitFor()
      await page.getByRole('link', { name: /active sensor alert/ }).waitFor({ state: 'detached' })
    })

    it('that became silent are marked, and found by a filter in the address', async () => {
      await read('shed-4', 36.5, 50, 3_600_000)
      await sensor('Grain shed').getByText('Silent').first().waitFor()
      await read('tower-5', 22, 40)

      await page.getByRole('button', { name: /^Silent/ }).click()

      await sensor('Control tower').waitFor({ state: 'detached' })
      await expect.poll(() => page.url()).toContain('show=silent')
      await page.keyboard.press('/')
      await page.keyboard.type('nowhere')
      await page.getByRole('button', { name: 'Show all sensors' }).click()
      await sensor('Control tower').waitFor()
    })

    it('show their day and their alerts when they are opened by the keyboard, and places their extremes', async () => {
      await page.getByRole('button', { name: 'North quay' }).focus()
      await page.keyboard.press('Enter')
      const drawer = page.getByRole('dialog', { name: 'North quay' })
      await drawer.getByText('temperature above 35 °C').waitFor()
      expect(page.url()).toContain('sensor=quay-1')
      await page.keyboard.press('Escape')
      await drawer.waitFor({ state: 'detached' })

      await expect.poll(focused).toBe('North quay')
      await card('Places today (UTC)')
        .getByRole('row', { name: /North quay 4 20\.0 · 25\.4 · 38\.5 °C/ })
        .waitFor()
    })
  })

  describe('the blog', () => {
    it('gets a post that is written with the keyboard only', async () => {
      await goLive(page, `${stack.webUrl}/blog`)
      await page.getByText('There are no posts yet').waitFor()
      await page.keyboard.press('n')
      await page.getByRole('dialog', { name: 'New post' }).waitFor()
      await expect
        .poll(() => page.evaluate('document.activeElement?.matches("[role=dialog] input")'))
        .toBe(true)
      await page.keyboard.press('Enter')
      await page.getByText('A post needs a title.').waitFor()
      expect(await axeViolations(page)).toEqual([])
      await page.keyboard.type('Reading a tide table')
      await page.getByLabel('Tags').focus()
      await page.keyboard.type('tides, tables')
      await page.keyboard.press('Enter')

      await row(
        /Reading a tide table \/reading-a-tide-table #tides #tables Draft operator@tidewire.local/,
      ).waitFor()
      await page.getByText('Created: Reading a tide table').first().waitFor()
    })

    it('publishes and unpublishes, with a message', async () => {
      await row(/Reading a tide table/)
        .getByRole('button', { name: /^Publish/ })
        .click()
      await row(/Reading a tide table/)
        .getByText('Published', { exact: true })
        .waitFor()
      await page.getByText('Published: Reading a tide table').first().waitFor()
      await row(/Reading a tide table/)
        .getByRole('button', { name: /^Unpublish/ })
        .click()
      await row(/Reading a tide table/)
        .getByText('Draft', { exact: true })
        .waitFor()
    })

    it('shows changes live, without moving the row under the pointer', async () => {
      await row(/Reading a tide table/).hover()
      await change('created', 'p-2', { title: 'Fog at the quay', author: 'bo' })

      await page.getByRole('button', { name: 'Show 1 new post' }).waitFor()
      expect(await row(/Fog at the quay/).count()).toBe(0)
      await page.getByRole('button', { name: 'Show 1 new post' }).click()
      await row(/Fog at the quay/).waitFor()
      await change('updated', 'p-2', { title: 'Fog at both quays' })
      await row(/Fog at both quays/)
        .getByText('bo changed it')
        .waitFor()
    })

    it('saves only changed fields, and warns that another user changed the post meanwhile', async () => {
      await row(/Fog at both quays/)
        .getByRole('button', { name: /^Edit/ })
        .click()
      const dialog = page.getByRole('dialog', { name: 'Edit the post' })
      await dialog.getByLabel('Excerpt').fill('Two quays, one fog.')
      await change('updated', 'p-2', { tags: ['weather'] })
      await dialog.getByText(/bo changed this post while you were editing/).waitFor()
      await dialog.getByRole('button', { name: 'Save' }).click()
      await dialog.waitFor({ state: 'detached' })

      await row(/Fog at both quays \/\S* ?#weather|Fog at both quays #weather/).waitFor()
      await row(/Fog at both quays/)
        .getByText('operator@tidewire.local changed it')
        .waitFor()
    })

    it('explains a refusal, and keeps it in the history', async () => {
      await page.getByRole('heading', { name: 'Blog' }).hover()
      await row(/Reading a tide table/).waitFor()
      const held = page.route('**/events', async (route) => {
        if (route.request().method() === 'POST') await change('published', 'p-2')
        await route.continue()
      })
      await held
      await row(/Fog at both quays/)
        .getByRole('button', { name: /^Publish/ })
        .click()
      await page.getByText('The post is published already.').first().waitFor()
      await page.unroute('**/events')
      await page.getByRole('button', { name: 'Close' }).first().click()

      await row(/Fog at both quays/)
        .getByRole('button', { name: /^More/ })
        .click()
      await page.getByRole('menuitem', { name: 'History' }).click()
      const drawer = page.getByRole('dialog', { name: 'Fog at both quays' })
      await drawer.getByText('Refused: the post is published already.').waitFor()
      await expect.poll(() => drawer.getByRole('listitem').count()).toBe(6)
      await page.keyboard.press('Escape')
      await expect
        .poll(() => page.evaluate('document.activeElement?.getAttribute("aria-label")'))
        .toBe('More for Fog at both quays')
    })

    it('deletes only after a confirmation', async () => {
      await row(/Fog at both quays/)
        .getByRole('button', { name: /^More/ })
        .focus()
      await page.keyboard.press('Enter')
      await expect.poll(focused).toBe('History')
      await page.keyboard.press('ArrowDown')
      await expect.poll(focused).toBe('Delete…')
      await page.keyboard.press('Enter')
      const question = page.getByRole('dialog', { name: 'Delete “Fog at both quays”?' })
      await question.getByText('It is public now.').waitFor()
      expect(await axeViolations(page)).toEqual([])
      await question.getByRole('button', { name: 'Delete the post' }).focus()
      await page.keyboard.press('Enter')
      await row(/Fog at both quays/).waitFor({ state: 'detached' })

      await page.getByRole('button', { name: 'Deleted 1' }).click()
      await row(/Fog at both quays/).waitFor()
      expect(page.url()).toContain('status=deleted')
      await page.getByLabel(/Find a post/).fill('nothing like it')
      await page.getByRole('button', { name: 'Show all posts' }).click()
      await row(/Reading a tide table/).waitFor()
    })

    it('keeps its order while the pointer is over it, whatever changes, and updates when the pointer has left', async () => {
      const titles = () => card('Posts').locator('.post-title').allTextContents()
      await change('created', 'p-3', { title: 'Ebb' })
      await change('created', 'p-4', { title: 'Flood' })
      await page.getByRole('heading', { name: 'Blog' }).hover()
      await expect.poll(titles).toEqual(['Flood', 'Ebb', 'Reading a tide table'])
      // A clicked element gets the focus and loses it, but the pointer is still there.
      await row(/Ebb/).getByRole('button', { name: /^More/ }).click()
      await row(/Flood/).click({ position: { x: 4, y: 4 } })
      await change('updated', 'p-3', { title: 'Ebb tide' })
      await change('deleted', 'p-4')
      await row(/Flood/).getByText('Deleted', { exact: true }).waitFor()
      await row(/Ebb tide/).waitFor()
      expect(await titles()).toEqual(['Flood', 'Ebb tide', 'Reading a tide table'])

      await page.getByRole('heading', { name: 'Blog' }).hover()

      await expect.poll(titles).toEqual(['Ebb tide', 'Reading a tide table'])
    })
  })

  it('let a viewer read only, and disable actions on stale data', async () => {
    const { page: viewer } = await openApp(browser, stack.webUrl, { as: 'viewer' })
    await goLive(viewer, `${stack.webUrl}/blog`)
    const publishing = (on: Page) => on.getByRole('button', { name: 'Publish Reading a tide table' })
    await viewer.getByText('Reading a tide table').waitFor()
    expect(await publishing(viewer).count()).toBe(0)
    expect(await viewer.getByRole('button', { name: 'New post' }).count()).toBe(0)
    await viewer.context().close()

    await goLive(page, `${stack.webUrl}/blog`)
    await page.context().setOffline(true)
    await expect
      .poll(() => publishing(page).getAttribute('title'))
      .toContain('what you see may be out of date')
    await page.context().setOffline(false)
    await expect.poll(() => publishing(page).getAttribute('aria-disabled')).toBeNull()
    await publishing(page).click()
    await row(/Reading a tide table/)
      .getByText('Published', { exact: true })
      .waitFor()
    expect(problems).toEqual([])
  })
})
