import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishBatch } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'
import { launchBrowser, openApp, untilLive } from './support/open-app.ts'

const EVENTS = 13
const POSTS = 14

/** When a key was last pressed, in epoch milliseconds with their fractions. */
const NOTE_KEYS = `addEventListener('keydown', ({ isTrusted }) => {
  if (isTrusted) globalThis.actedAt = performance.timeOrigin + performance.now()
}, { capture: true })`

describe.skipIf(chromiumPath() === null)('two browsers side by side', () => {
  let stack: TestStack
  const browsers: Browser[] = []
  const times = new Map<string, number[]>()
  let acting: Page
  let watching: Page
  beforeAll(async () => {
    stack = await startStack()
    await publishBatch(
      stack.httpUrl,
      Array.from({ length: POSTS }, (_, n) => draftOf(n)),
    )
    acting = await open('operator')
    watching = await open('viewer')
    await acting.evaluate(NOTE_KEYS)
  })
  afterAll(async () => {
    for (const browser of browsers) await browser.close()
    await stack?.dispose()
    for (const [action, all] of [...times, ['all', [...times.values()].flat()] as const])
      process.stdout.write(`${action}: ${describeTimes(all)}\n`)
  })

  async function open(as: 'operator' | 'viewer'): Promise<Page> {
    const browser = await launchBrowser()
    browsers.push(browser)
    const { page } = await openApp(browser, `${stack.webUrl}/port`, { as })
    await untilLive(page)
    return page
  }
  /** Does something in one browser, and waits until a row of the other shows all the words. */
  async function see(action: string, words: readonly string[], act: () => Promise<void>): Promise<void> {
    const seen = watching.evaluate(waitForRow(words)) as Promise<number>
    await act()
    const took = (await seen) - ((await acting.evaluate('globalThis.actedAt')) as number)
    times.set(action, [...(times.get(action) ?? []), took])
  }

  it('show the events that the other one creates and acknowledges', async () => {
    for (let n = 0; n < EVENTS; n++) {
      const title = `Side by side ${n}.`
      await acting.keyboard.press('e')
      const dialog = acting.getByRole('dialog', { name: 'Create an event' })
      await dialog.getByLabel('What happened').selectOption('port.notice')
      await dialog.getByLabel('Title').fill(title)
      await see('create', [title, 'New'], () => acting.keyboard.press('Enter'))
      await dialog.waitFor({ state: 'hidden' })
      await acting.getByRole('row').nth(1).filter({ hasText: title }).waitFor()
      await acting.keyboard.press('j')
      await see('acknowledge', [title, 'Acknowledged'], () => acting.keyboard.press('a'))
      await acting.keyboard.press('n')
    }
    expect([times.get('create')?.length, times.get('acknowledge')?.length]).toEqual([EVENTS, EVENTS])
  })

  it('show the posts that the other one publishes', async () => {
    for (const page of [acting, watching]) {
      await page.keyboard.press('g')
      await page.keyboard.press('b')
      await page.getByRole('heading', { name: 'Blog' }).waitFor()
      await untilLive(page)
    }
    for (let n = 0; n < POSTS; n++) {
      const { title } = draftOf(n).data
      const button = acting
        .getByRole('row')
        .filter({ hasText: title })
        .getByRole('button', { name: /^Publish/ })
      await expect.poll(() => button.getAttribute('aria-disabled')).toBeNull()
      await see('publish', [title, 'Published'], () => button.press('Enter'))
    }
    expect(times.get('publish')?.length).toBe(POSTS)
  })
})

function draftOf(n: number) {
  const data = { postId: `p-${n}`, title: `Post number ${n}.`, body: 'Words.', author: 'ann' }
  return {
    specversion: '1.0',
    id: `post-${n}`,
    source: '/side-by-side',
    type: 'blog.post.created',
    subject: `p-${n}`,
    data,
  }
}

/** Returns a script that waits for a row with these words, and gives its time in milliseconds since 1970. */
function waitForRow(words: readonly string[]): string {
  return `new Promise((done) => {
    const has = (row) => ${JSON.stringify(words)}.every((word) => row.textContent.includes(word))
    const look = () => {
      const isThere = [...document.querySelectorAll('[role=row], tbody tr')].some(has)
      requestAnimationFrame(isThere ? () => done(performance.timeOrigin + performance.now()) : look)
    }
    look()
  })`
}

function describeTimes(all: readonly number[]): string {
  const sorted = all.toSorted((a, b) => a - b)
  const at = (part: number) => Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? 0)
  return `${all.length} actions, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, maximum ${at(1)} ms`
}
