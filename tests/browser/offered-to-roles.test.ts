import { mkdir } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { ROLES, type Role } from '#shared/core/access/role.ts'
import { publishBatch } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import { axeViolations, goLive, openApp, overflowOf, PICTURES, startApp } from './support/open-app.ts'

/** What each role is offered on the pages of the domains: by the policy, everything else is not there. */
const OFFERED: Readonly<
  Record<Role, { readonly publishes: boolean; readonly steers: boolean; readonly deletes: boolean }>
> = {
  viewer: { publishes: false, steers: false, deletes: false },
  publisher: { publishes: true, steers: false, deletes: false },
  operator: { publishes: true, steers: true, deletes: false },
  admin: { publishes: true, steers: true, deletes: true },
}

const event = (id: string, type: string, more: object) => ({
  specversion: '1.0',
  id,
  source: '/roles',
  type,
  time: new Date().toISOString(),
  ...more,
})
const EVENTS = [
  event('c-1', 'port.container.damaged', {
    subject: 'MSKU-1',
    data: { title: 'Dent in MSKU-1', containerId: 'MSKU-1' },
  }),
  event('p-1', 'blog.post.created', {
    data: { postId: 'p-1', title: 'Tides', content: 'They turn.', author: 'Ann' },
  }),
  event('t-1', 'market.tick', { subject: 'ACME', data: { symbol: 'ACME', price: 100.5, volume: 10 } }),
]

describe.skipIf(chromiumPath() === null)('the page of each role, in Chromium', () => {
  let app: Awaited<ReturnType<typeof startApp>>
  beforeAll(async () => {
    app = await startApp({ prepare: ({ httpUrl }) => publishBatch(httpUrl, EVENTS) })
    await mkdir(PICTURES, { recursive: true })
    return app.stop
  })

  const count = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).count()
  const picture = async (page: Page, name: string) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: `${PICTURES}/roles-${name}-${colorScheme}.png` })
    }
  }

  it.each(ROLES.flatMap((role) => [1440, 360].map((width) => [role, width] as const)))(
    'shows what the policy lets the role %s do, %d pixels wide',
    async (role, width) => {
      const { publishes, steers, deletes } = OFFERED[role]
      const { page, problems } = await openApp(app.browser, app.stack.webUrl, { as: role, width })
      const look = async (name: string) => {
        expect(await axeViolations(page)).toEqual([])
        expect(await overflowOf(page)).toBeLessThanOrEqual(0)
        await picture(page, `${name}-${role}-${width}`)
      }

      await goLive(page, `${app.stack.webUrl}/port`)
      expect(await page.getByRole('button', { name: /^Create/ }).count()).toBe(publishes ? 1 : 0)
      await page
        .getByRole('row', { name: /MSKU-1/ })
        .first()
        .click()
      const actions = page.getByRole('region', { name: 'Actions' })
      const step = actions.getByRole('button', { name: 'Acknowledge', exact: true })
      await expect.poll(() => step.getAttribute('aria-disabled')).toBe(steers ? null : 'true')
      expect(await actions.getByText(`This takes the role operator; yours is ${role}.`).count()).toBe(
        steers ? 0 : 1,
      )
      for (const name of ['Delete…', 'Erase…']) expect(await count(page, name)).toBe(deletes ? 1 : 0)
      await look('port')

      await goLive(page, `${app.stack.webUrl}/blog`)
      await page.getByText('Tides').first().waitFor()
      expect(await count(page, 'New post')).toBe(publishes ? 1 : 0)
      expect(await count(page, 'Edit Tides')).toBe(publishes ? 1 : 0)
      await look('blog')

      await goLive(page, `${app.stack.webUrl}/market/trading?symbol=ACME`)
      const order = page.getByRole('form', { name: 'Order' })
      await order.getByRole('button', { name: 'Buy', exact: true }).waitFor()
      await expect
        .poll(() => order.getByRole('button', { name: 'Buy', exact: true }).getAttribute('aria-disabled'))
        .toBeNull()
      await look('market')
      expect(problems).toEqual([])
      await page.context().close()
    },
  )

  it('tells a viewer who was sent the address of a form why it cannot be used', async () => {
    const { page, problems } = await openApp(app.browser, app.stack.webUrl, { as: 'viewer' })
    await goLive(page, `${app.stack.webUrl}/port?create=1`)
    const dialog = page.getByRole('dialog', { name: 'Create an event' })
    await dialog.getByText('This takes the role publisher; yours is viewer.').waitFor()
    expect(await dialog.getByRole('button', { name: 'Create the event' }).getAttribute('aria-disabled')).toBe(
      'true',
    )

    await goLive(page, `${app.stack.webUrl}/blog?edit=new`)
    await page.getByRole('dialog', { name: 'New post' }).getByText('takes the role publisher').waitFor()
    expect(problems).toEqual([])
    await page.context().close()
  })
})
