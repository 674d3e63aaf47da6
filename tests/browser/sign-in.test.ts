import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath } from '../support/chromium-path.ts'
import { addressOf, PASSWORD } from '../support/sign-in.ts'
import type { TestStack } from '../support/start-stack.ts'
import { axeViolations, overflowOf, PICTURES, signInAs, startApp, untilLive } from './support/open-app.ts'

describe.skipIf(chromiumPath() === null)('signing in to the dashboard in Chromium', () => {
  let stack: TestStack
  let page: Page
  let problems: string[]
  const button = () => page.getByRole('button', { name: 'Sign in' })
  const preferences = (role: 'viewer' | 'operator') =>
    page.getByRole('button', { name: `Preferences of ${addressOf(role)}` })
  beforeAll(async () => {
    const app = await startApp({ as: null })
    ;({ stack, page, problems } = app)
    await button().waitFor()
    return app.stop
  })

  it('shows the form before anything else, in both themes and on a phone', async () => {
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [1440, 360]) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 740 })
        await page.screenshot({ path: `${PICTURES}/sign-in-${colorScheme}-${width}.png` })
        expect(await axeViolations(page)).toEqual([])
        expect(await overflowOf(page)).toBeLessThanOrEqual(0)
      }
    await page.setViewportSize({ width: 1440, height: 900 })
  })

  it('reports a wrong password, and keeps the address', async () => {
    await page.getByLabel('E-mail address').fill(addressOf('viewer'))
    await page.getByLabel('Password').fill('guess')
    await button().click()

    await page.getByRole('alert').getByText('The e-mail address or the password is wrong.').waitFor()
    expect(await page.getByLabel('E-mail address').inputValue()).toBe(addressOf('viewer'))
    expect(await axeViolations(page)).toEqual([])
  })

  it('signs in with the keyboard only, and connects with a ticket', async () => {
    await page.getByLabel('Password').fill(PASSWORD)
    const socket = page.waitForEvent('websocket')
    await page.keyboard.press('Enter')

    await preferences('viewer').waitFor()
    expect((await socket).url()).toMatch(/\?ticket=[\w-]{43}$/)
    await untilLive(page)
  })

  it('stays signed in after a reload and in a second tab, without loading the sign-in code', async () => {
    const scripts: string[] = []
    page.on('request', (request) => scripts.push(request.url()))
    await page.reload()
    await preferences('viewer').waitFor()
    expect(scripts.filter((url) => url.includes('cognito'))).toEqual([])
    const second = await page.context().newPage()
    await second.goto(stack.webUrl)

    await second.getByRole('button', { name: `Preferences of ${addressOf('viewer')}` }).waitFor()
    await second.close()
  })

  it('signs out of every tab, and another user signs in', async () => {
    const second = await page.context().newPage()
    await second.goto(stack.webUrl)
    await second.getByRole('button', { name: /Preferences/ }).click()
    const told = second.waitForRequest((request) => request.method() === 'DELETE')
    await second.getByRole('menuitem', { name: 'Sign out' }).click()
    const request = await told
    expect(request.url()).toBe(`http://localhost:${stack.ports.HTTP_PORT}/session`)
    expect(request.headers().authorization).toMatch(/^Bearer ey/)
    expect((await request.response())?.status()).toBe(200)

    await second.getByRole('button', { name: 'Sign in' }).waitFor()
    await button().waitFor()
    const left = await page.evaluate('Object.keys(localStorage).filter((key) => /token/i.test(key))')
    expect(left).toEqual([])
    await signInAs(page, 'operator')
    await second.getByRole('button', { name: `Preferences of ${addressOf('operator')}` }).waitFor()
    await second.close()
  })

  it('renews a token that the server no longer accepts', async () => {
    await spoil(page, 'accessToken')
    await page.reload()

    await preferences('operator').waitFor()
    await untilLive(page)
  })

  it('shows the form again, with the reason, when it cannot be renewed', async () => {
    await spoil(page, 'accessToken', 'refreshToken')
    await page.reload()

    await page.getByText('Your session has ended. Sign in again.').waitFor()
    expect(problems).toEqual([])
  })
})

/** Spoils stored tokens. */
async function spoil(page: Page, ...names: readonly string[]): Promise<void> {
  await page.evaluate(`for (const key of Object.keys(localStorage))
    if (${JSON.stringify(names)}.some((name) => key.endsWith(name)))
      localStorage.setItem(key, localStorage.getItem(key).slice(0, -8) + 'AAAAAAAA')`)
}
