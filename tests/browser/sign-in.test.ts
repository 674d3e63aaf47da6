import { generate } from 'cognito-local/lib/services/totp.js'
import type { Browser, Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath } from '../support/chromium-path.ts'
import { addressOf, callIdentity, PASSWORD, signIn } from '../support/sign-in.ts'
import type { TestStack } from '../support/start-stack.ts'
import {
  axeViolations,
  openApp,
  overflowOf,
  PICTURES,
  signInAs,
  startApp,
  untilLive,
} from './support/open-app.ts'

describe.skipIf(chromiumPath() === null)('signing in to the dashboard in Chromium', () => {
  let stack: TestStack
  let browser: Browser
  let page: Page
  let problems: string[]
  /** The key of Ann's authenticator app. */
  let secret = ''
  const button = () => page.getByRole('button', { name: 'Sign in' })
  const preferences = (role: 'viewer' | 'operator') =>
    page.getByRole('button', { name: `Preferences of ${addressOf(role)}` })
  beforeAll(async () => {
    const app = await startApp({ as: null })
    ;({ stack, browser, page, problems } = app)
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

  it('signs nobody out, and keeps the tokens, while the server refuses everything for a while', async () => {
    const api = `http://localhost:${stack.ports.HTTP_PORT}/**`
    let refusals = 0
    await page.route(api, (route) => {
      if (route.request().method() === 'OPTIONS') return route.continue()
      refusals++
      return route.fulfill({ status: 401, headers: CORS, json: { title: 'No valid credentials' } })
    })
    await page.reload()
    await expect.poll(() => refusals, { timeout: 30_000 }).toBeGreaterThan(6)
    expect(await preferences('operator').isVisible()).toBe(true)
    expect(await refreshTokenOf(page)).not.toBeNull()

    await page.unroute(api)
    await untilLive(page)
  })

  it('says that the sign-in service is away when it is opened, and goes on by itself when that is back', async () => {
    const identity = `http://127.0.0.1:${stack.ports.IDENTITY_PORT}/**`
    const before = await refreshTokenOf(page)
    let refusals = 0
    await page.route(identity, (route) => {
      refusals++
      // Each in turn: no network, too many requests, and a service that fails.
      if (refusals % 3 === 1) return route.abort('connectionrefused')
      return route.fulfill({
        status: refusals % 3 === 2 ? 429 : 503,
        headers: CORS,
        json: { message: 'Later' },
      })
    })
    // A laptop whose time of day was set ahead since the tokens were given: they seem to have ended.
    await page.evaluate(`for (const key of Object.keys(localStorage))
      if (key.endsWith('.clockDrift')) localStorage.setItem(key, String(2 * 3600 * 1000))`)
    await page.reload()
    await page.getByText('Waiting for the sign-in service').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await expect.poll(() => refusals, { timeout: 60_000 }).toBeGreaterThan(3)
    expect(await refreshTokenOf(page)).toBe(before)

    await page.unroute(identity)
    await untilLive(page)
    expect(await refreshTokenOf(page)).toBe(before)
  })

  it('shows the form again, with the reason, when it cannot be renewed', async () => {
    await spoil(page, 'accessToken', 'refreshToken')
    await page.reload()

    await page.getByText('Your session has ended. Sign in again.').waitFor()
    expect(problems).toEqual([])
  })

  it('has an invited user choose a password, who then sets up two-step sign-in in the menu', async () => {
    await invite(stack, ANN, 'Of-the-invitation-1')
    const own = await openApp(browser, stack.webUrl, { as: null })
    await enter(own.page, ANN, 'Of-the-invitation-1')
    const password = own.page.getByLabel('New password')
    await password.and(own.page.locator(':focus')).waitFor()
    expect(await axeViolations(own.page)).toEqual([])
    await password.fill(ANN_PASSWORD)
    await own.page.getByRole('button', { name: 'Save and sign in' }).click()

    await own.page.getByRole('button', { name: `Preferences of ${ANN}` }).click()
    await own.page.getByRole('menuitem', { name: 'Two-step sign-in…' }).click()
    const dialog = own.page.getByRole('dialog', { name: 'Two-step sign-in' })
    await dialog.getByRole('button', { name: 'Set it up' }).click()
    secret = ((await dialog.locator('code').textContent()) ?? '').replaceAll(' ', '')
    expect(await dialog.getByRole('link').getAttribute('href')).toBe(
      `otpauth://totp/Tidewire:ann%40example.com?secret=${secret}&issuer=Tidewire`,
    )
    expect(await axeViolations(own.page)).toEqual([])
    await dialog.getByLabel('Code').and(own.page.locator(':focus')).waitFor()
    await dialog.getByLabel('Code').fill('000 000')
    await dialog.getByRole('button', { name: 'Turn it on' }).click()
    await dialog.getByRole('alert').getByText('This code is wrong.').waitFor()
    await dialog.getByLabel('Code').fill(generate(secret))
    await dialog.getByRole('button', { name: 'Turn it on' }).click()

    await dialog.getByText('It is on').waitFor()
    expect(own.problems).toEqual([])
    await own.page.context().close()
  })

  it('asks that user for a code, in both themes and on a phone, and begins again if the user wants to', async () => {
    const own = await openApp(browser, stack.webUrl, { as: null, width: 360, height: 740 })
    await enter(own.page, ANN, ANN_PASSWORD)
    await own.page.getByRole('button', { name: 'Begin again' }).click()
    await own.page.getByLabel('E-mail address').and(own.page.locator(':focus')).waitFor()
    await enter(own.page, ANN, ANN_PASSWORD)
    const code = own.page.getByLabel('Code')
    await code.and(own.page.locator(':focus')).waitFor()
    expect([await code.getAttribute('autocomplete'), await code.getAttribute('inputmode')]).toEqual([
      'one-time-code',
      'numeric',
    ])
    await expectGoodInBothThemes(own.page, 'sign-in-code')
    await code.fill('000000')
    await own.page.keyboard.press('Enter')
    await own.page.getByRole('alert').getByText('This code is wrong.').waitFor()
    await code.fill(generate(secret))
    await own.page.keyboard.press('Enter')

    await own.page.getByRole('button', { name: `Preferences of ${ANN}` }).click()
    await own.page.getByRole('menuitem', { name: 'Two-step sign-in…' }).click()
    await own.page.getByRole('dialog').getByRole('button', { name: 'Turn it off' }).waitFor()
    await expectGoodInBothThemes(own.page, 'two-step')
    await own.page.getByRole('button', { name: 'Turn it off' }).click()
    await own.page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(own.problems).toEqual([])
    await own.page.context().close()
  })

  it('has a user set up an app at the first sign-in where the pool requires it', async () => {
    const own = await openApp(browser, stack.webUrl, { as: null, width: 360, height: 740 })
    await requireSetup(own.page, stack)
    await enter(own.page, addressOf('viewer'), PASSWORD)
    await own.page.getByText('JBSW Y3DP EHPK 3PXP').waitFor()
    await own.page.getByLabel('Code').and(own.page.locator(':focus')).waitFor()
    await expectGoodInBothThemes(own.page, 'sign-in-authenticator')
    await own.page.getByLabel('Code').fill('000000')
    await own.page.keyboard.press('Enter')
    await own.page.getByRole('alert').getByText('This code is wrong.').waitFor()
    await own.page.getByLabel('Code').fill('123 456')
    await own.page.keyboard.press('Enter')

    await own.page.getByRole('button', { name: `Preferences of ${addressOf('viewer')}` }).waitFor()
    await own.page.context().close()
  })
})

const ANN = 'ann@example.com'
const ANN_PASSWORD = 'My-own-password-1'

/** Adds an operator to the pool, as an administrator does. */
async function invite(stack: TestStack, Username: string, TemporaryPassword: string): Promise<void> {
  const user = { UserPoolId: 'local_tidewire', Username }
  await callIdentity(stack, 'AdminCreateUser', { ...user, TemporaryPassword, MessageAction: 'SUPPRESS' })
  await callIdentity(stack, 'AdminAddUserToGroup', { ...user, GroupName: 'operator' })
}

/** Fills in the first form. */
async function enter(page: Page, address: string, password: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(address)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

async function expectGoodInBothThemes(page: Page, picture: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: `${PICTURES}/${picture}-${colorScheme}.png`, fullPage: true })
    expect(await axeViolations(page)).toEqual([])
    expect(await overflowOf(page)).toBeLessThanOrEqual(0)
  }
}

const SESSION = 'a session of the sign-in'
const CORS = { 'access-control-allow-origin': '*' }

/** Answers as a pool that requires two-step sign-in, which the emulator is not. The code of the app is 123456. */
function answerOf(action: string, code: string | undefined): object | null {
  if (action === 'InitiateAuth') {
    const ChallengeParameters = { MFAS_CAN_SETUP: '["SOFTWARE_TOKEN_MFA"]' }
    return { ChallengeName: 'MFA_SETUP', ChallengeParameters, Session: SESSION }
  }
  if (action === 'AssociateSoftwareToken') return { SecretCode: 'JBSWY3DPEHPK3PXP', Session: SESSION }
  if (action !== 'VerifySoftwareToken') return null
  if (code === '123456') return { Status: 'SUCCESS', Session: SESSION }
  return { __type: 'EnableSoftwareTokenMFAException', message: 'Code mismatch' }
}

/**
 * Has the viewer set up an app at the sign-in on a page, and get the tokens of the local pool for it.
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-mfa-totp.html
 */
async function requireSetup(page: Page, stack: TestStack): Promise<void> {
  const tokens = await signIn(stack, 'viewer')
  const done = { ChallengeParameters: {}, AuthenticationResult: { ...tokens, ExpiresIn: 3600 } }
  await page.route(`http://127.0.0.1:${stack.ports.IDENTITY_PORT}/`, (route) => {
    const [, action = ''] = (route.request().headers()['x-amz-target'] ?? '').split('.')
    const { UserCode } = (route.request().postDataJSON() ?? {}) as { readonly UserCode?: string }
    const answer = action === 'RespondToAuthChallenge' ? done : answerOf(action, UserCode)
    if (answer === null) return route.continue()
    return route.fulfill({ status: '__type' in answer ? 400 : 200, headers: CORS, json: answer })
  })
}

/** The stored refresh token; null if there is none. */
async function refreshTokenOf(page: Page): Promise<string | null> {
  return (await page.evaluate(`(() => {
    const key = Object.keys(localStorage).find((key) => key.endsWith('.refreshToken'))
    return key === undefined ? null : localStorage.getItem(key)
  })()`)) as string | null
}

/** Spoils stored tokens. */
async function spoil(page: Page, ...names: readonly string[]): Promise<void> {
  await page.evaluate(`for (const key of Object.keys(localStorage))
    if (${JSON.stringify(names)}.some((name) => key.endsWith(name)))
      localStorage.setItem(key, localStorage.getItem(key).slice(0, -8) + 'AAAAAAAA')`)
}
