import { randomBytes } from 'node:crypto'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath } from '../support/chromium-path.ts'
import { API_KEY, type TestStack } from '../support/start-stack.ts'
import { axeViolations, overflowOf, startApp } from './support/open-app.ts'

type Segment = {
  readonly id: string
  readonly parent_id?: string
  readonly trace_id: string
  readonly start_time: number
  readonly end_time: number
  readonly annotations: { readonly span: string; readonly service: string }
}
type Trace = { readonly id: string; readonly segments: readonly Segment[] }

const PATIENCE = { timeout: 60_000, interval: 200 }
const HOPS = ['POST /events', 'append', 'deliver', 'store', 'post', 'fold', 'receive', 'paint']

describe.skipIf(chromiumPath() === null)('telemetry, with a page of the app in Chromium', () => {
  let stack: TestStack
  let page: Page
  beforeAll(async () => {
    const app = await startApp({ path: '/port', as: 'operator' })
    ;({ stack, page } = app)
    return app.stop
  })

  const post = async (title: string, traceparent: string) => {
    const response = await fetch(`${stack.httpUrl}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': API_KEY, traceparent },
      body: JSON.stringify({
        type: 'port.container.delayed',
        subject: 'TGHU-7714320',
        data: { title, containerId: 'TGHU-7714320', minutes: 300 },
      }),
    })
    expect(response.status).toBe(202)
  }
  const readTrace = async (id: string): Promise<Trace | null> => {
    const response = await fetch(`${stack.httpUrl}/traces/${id}`)
    return response.ok ? ((await response.json()) as Trace) : null
  }
  const newTrace = () => ({ trace: randomBytes(16).toString('hex'), parent: randomBytes(8).toString('hex') })

  it('one event has one trace at every hop: from the POST through Kafka to the paint of the page', async () => {
    // The feed reads its history once its subscription is live: what is posted then comes as it happens. What the page
    // before the reload still gets does not count.
    await page.reload({ waitUntil: 'commit' })
    const history = await page.waitForResponse(
      (response) => response.url().includes('/events?channel=port'),
      {
        timeout: 60_000,
      },
    )
    expect(history.status()).toBe(200)
    const { trace, parent } = newTrace()

    await post('A box that is followed', `00-${trace}-${parent}-01`)
    await page.getByRole('row').filter({ hasText: 'A box that is followed' }).first().waitFor()

    const spans = async () => (await readTrace(trace))?.segments.map(({ annotations }) => annotations.span)
    await expect.poll(async () => [...((await spans()) ?? [])].sort(), PATIENCE).toEqual([...HOPS].sort())
    const { segments = [] } = (await readTrace(trace)) ?? {}
    const one = (span: string) => segments.find(({ annotations }) => annotations.span === span)
    const parentOf = (span: string) => one(span)?.parent_id
    expect(new Set(segments.map(({ trace_id }) => trace_id.slice(2).replace('-', '')))).toEqual(
      new Set([trace]),
    )
    expect(Object.fromEntries(HOPS.map((span) => [span, parentOf(span)]))).toEqual({
      'POST /events': parent,
      append: one('POST /events')?.id,
      deliver: one('POST /events')?.id,
      store: one('deliver')?.id,
      post: one('deliver')?.id,
      fold: one('POST /events')?.id,
      receive: one('POST /events')?.id,
      paint: one('receive')?.id,
    })
    expect(HOPS.map((span) => one(span)?.annotations.service)).toEqual([
      'write',
      'write',
      'deliver',
      'deliver',
      'deliver',
      'fold',
      'page',
      'page',
    ])
    for (const { start_time, end_time } of segments) expect(end_time).toBeGreaterThanOrEqual(start_time)
  })

  it('an event whose trace is not sampled reaches the page, and leaves no trace', async () => {
    const { trace, parent } = newTrace()

    await post('A box that is not followed', `00-${trace}-${parent}-00`)
    await page.getByRole('row').filter({ hasText: 'A box that is not followed' }).first().waitFor()

    const followed = newTrace()
    await post('Another that is followed', `00-${followed.trace}-${followed.parent}-01`)
    await expect
      .poll(async () => (await readTrace(followed.trace))?.segments.length ?? 0, PATIENCE)
      .toBeGreaterThan(4)
    expect(await readTrace(trace)).toBeNull()
  })

  it('the page shows how long each hop took, for operators, at any width', async () => {
    await page.goto(`${stack.webUrl}/pipeline`)
    const hop = (name: string) => page.locator(`tr[data-hop="${name}"]`)
    await hop('accept_to_post').waitFor()

    await expect
      .poll(async () => {
        const { trace, parent } = newTrace()
        await post('A box that is measured', `00-${trace}-${parent}-01`)
        const measured = ['accept_to_append', 'accept_to_post', 'fold_lag']
        const counts = measured.map((name) => hop(name).locator('.hop-count').textContent())
        return (await Promise.all(counts)).every((count) => Number(count) > 0)
      }, PATIENCE)
      .toBe(true)
    expect(await hop('accept_to_append').locator('td').first().textContent()).toMatch(/^\d/)
    expect(await axeViolations(page)).toEqual([])
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await overflowOf(page)).toBeLessThanOrEqual(0)
    expect(await axeViolations(page)).toEqual([])
    await page.setViewportSize({ width: 1440, height: 900 })
  })
})
