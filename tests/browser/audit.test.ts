import type { Browser, Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath } from '../support/chromium-path.ts'
import { addressOf, bearer } from '../support/sign-in.ts'
import type { TestStack } from '../support/start-stack.ts'
import { axeViolations, openApp, overflowOf, PICTURES, startApp } from './support/open-app.ts'

describe.skipIf(chromiumPath() === null)('the audit trail in Chromium', () => {
  let stack: TestStack
  let browser: Browser
  let page: Page
  let problems: string[]
  beforeAll(async () => {
    const app = await startApp({ as: 'admin', path: '/audit' })
    ;({ stack, browser, page, problems } = app)
    return app.stop
  })

  const ask = async (path: string, role: 'viewer' | 'operator' | 'admin') =>
    fetch(`${stack.httpUrl}${path}`, { headers: await bearer(stack, role) })
  const row = (who: string, what: string) =>
    page.getByRole('row').filter({ hasText: who }).filter({ hasText: what })

  it('says so while nothing has been recorded', async () => {
    await page.getByText('Nothing has been recorded yet').waitFor()
    expect(await axeViolations(page)).toEqual([])
  })

  it('shows at once what is refused and what is done, with who, where and why', async () => {
    expect((await ask('/dead-letters', 'viewer')).status).toBe(403)
    expect((await ask('/events.csv?channel=port.*', 'operator')).status).toBe(200)

    const refused = row(addressOf('viewer'), 'Refused')
    await refused.getByText('GET /dead-letters').waitFor()
    await refused.getByText('The role viewer may not do "dead-letters.read"').waitFor()
    await refused.getByText(/127\.0\.0\.1|::1/).waitFor()
    await row(addressOf('operator'), 'Events exported').getByText('Done').waitFor()
    await refused.getByText('Details', { exact: true }).click()
    await refused.getByText('trace', { exact: true }).waitFor()
    expect(await axeViolations(page)).toEqual([])
  })

  it.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 360],
    ['dark', 360],
  ] as const)('fits a %s page of %i pixels', async (colorScheme, width) => {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 900 })

    await expect.poll(() => overflowOf(page)).toBeLessThanOrEqual(0)
    expect(await axeViolations(page)).toEqual([])
    await page.screenshot({ path: `${PICTURES}/audit-${colorScheme}-${width}.png` })
  })

  it('filters by outcome, action and name, in the address', async () => {
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 1440, height: 900 })

    await page.getByRole('radio', { name: 'Done' }).check()
    await row(addressOf('viewer'), 'Refused').waitFor({ state: 'detached' })
    await row(addressOf('operator'), 'Events exported').waitFor()
    expect(page.url()).toContain('outcome=done')

    await page.getByRole('combobox', { name: 'Action' }).selectOption('key.created')
    await page.getByText('No entry matches this filter').waitFor()
    await page.getByRole('button', { name: 'Show everything' }).click()

    await page.getByRole('button', { name: addressOf('viewer') }).click()
    await row(addressOf('operator'), 'Events exported').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: `Only ${addressOf('viewer')}` }).click()
    await row(addressOf('operator'), 'Events exported').waitFor()
  })

  it('is in the navigation of administrators only, and says why it shows nothing to others', async () => {
    await page.getByRole('link', { name: 'Audit trail' }).waitFor()
    const other = await openApp(browser, `${stack.webUrl}/audit`, { as: 'operator' })

    await other.page.getByText('This takes the role admin; yours is operator.').waitFor()
    expect(await other.page.getByRole('link', { name: 'Audit trail' }).count()).toBe(0)
    expect(await axeViolations(other.page)).toEqual([])
    await other.page.context().close()
  })

  it('throws and logs no errors', () => {
    expect(problems).toEqual([])
  })
})
