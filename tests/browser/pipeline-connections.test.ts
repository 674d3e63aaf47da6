import type { Browser, Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath } from '../support/chromium-path.ts'
import { openSocket, type TestSocket } from '../support/open-socket.ts'
import { addressOf, bearer } from '../support/sign-in.ts'
import { API_KEY, type TestStack } from '../support/start-stack.ts'
import { openApp, startApp } from './support/open-app.ts'
import { showEachLook } from './support/show-each-look.ts'

describe.skipIf(chromiumPath() === null)('open connections in Chromium', () => {
  let stack: TestStack
  let browser: Browser
  let page: Page
  let problems: string[]
  let socket: TestSocket
  beforeAll(async () => {
    const app = await startApp({
      as: 'admin',
      path: '/pipeline/connections',
      prepare: async (started) => {
        socket = await openSocket(started.socketUrl, `key=${API_KEY}`)
        socket.send({ action: 'subscribe', id: 's1', channels: ['port.container'] })
      },
    })
    ;({ stack, browser, page, problems } = app)
    return app.stop
  })

  const row = (text: string) => page.getByRole('row').filter({ hasText: text })
  const showEach = (name: string) => showEachLook(page, `pipeline-${name}`)

  it('the header says how many connections are open, to every role', async () => {
    await page.getByText('2 connections', { exact: true }).waitFor()
    const other = await openApp(browser, `${stack.webUrl}/sensors`, { as: 'viewer', width: 360 })

    await page.getByText('3 connections', { exact: true }).waitFor()
    await other.page.getByRole('button', { name: `Preferences of ${addressOf('viewer')}` }).click()
    await other.page.getByText('3 connections to the server').waitFor()
    await other.page.context().close()
    await page.getByText('2 connections', { exact: true }).waitFor()
  })

  it('connections are listed with who they are of, and what they subscribe to', async () => {
    const own = row('key:local-dev')
    await own.getByText('port.container', { exact: true }).first().waitFor()
    await own.getByText('Live').waitFor()
    await own.getByRole('button', { name: 'key:local-dev', exact: true }).click()
    await row(addressOf('admin')).waitFor({ state: 'detached' })
    await showEach('connections')
    await page.getByRole('button', { name: 'Only key:local-dev' }).click()
    await row(addressOf('admin')).waitFor()
  })

  it('a connection is closed after a question, and its client is told', async () => {
    await row('key:local-dev')
      .getByRole('button', { name: /^Close/ })
      .click()
    await page.getByRole('dialog').getByRole('button', { name: 'Close the connection' }).click()

    await row('key:local-dev').waitFor({ state: 'detached' })
    await expect
      .poll(() => socket.frames.map((frame) => ('code' in frame ? frame.code : '')))
      .toContain('closed')
    const headers = await bearer(stack, 'admin')
    // The entry is written beside the response.
    await expect
      .poll(async () => (await fetch(`${stack.httpUrl}/audit?action=connection.closed`, { headers })).json())
      .toMatchObject({ events: [{ event: { data: { action: 'connection.closed' } } }] })
  })

  it('throws and logs no errors', () => {
    expect(problems).toEqual([])
  })
})
