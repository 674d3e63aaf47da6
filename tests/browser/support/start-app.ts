import type { Browser, Page } from 'playwright-core'
import { startStack, type TestStack } from '../../support/start-stack.ts'
import { launchBrowser, type OpenOptions, openApp } from './open-app.ts'

/** A stack of its own, a browser, and a page of the app in it. */
export type RunningApp = {
  readonly stack: TestStack
  readonly browser: Browser
  readonly page: Page
  /** What the page threw or wrote as an error. */
  readonly problems: string[]
  /** Ends the browser and the stack. A `beforeAll` that answers it has its `afterAll`. */
  readonly stop: () => Promise<void>
}

type Options = OpenOptions & {
  readonly path?: string
  /** What there is before the page opens. */
  readonly prepare?: (stack: TestStack) => Promise<unknown>
}

/** Starts what the tests of one file share, and opens the app at a path. Leaves nothing behind where that fails. */
export async function startApp({ path = '', prepare, ...options }: Options = {}): Promise<RunningApp> {
  const stack = await startStack()
  let browser: Browser | null = null
  const stop = async () => {
    await browser?.close()
    await stack.dispose()
  }
  try {
    await prepare?.(stack)
    browser = await launchBrowser()
    return { stack, browser, stop, ...(await openApp(browser, stack.webUrl + path, options)) }
  } catch (error) {
    await stop()
    throw error
  }
}
