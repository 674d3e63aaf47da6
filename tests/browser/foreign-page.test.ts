import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium, type Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { get, publish, readLog } from '../support/api.ts'
import { chromiumPath } from '../support/chromium-path.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

const attack = readFileSync(new URL('support/attack-stack.js', import.meta.url), 'utf8')

describe.skipIf(chromiumPath() === null)('a page of another origin, in Chromium', () => {
  let stack: TestStack
  let browser: Browser
  let evil: string
  beforeAll(async () => {
    stack = await startStack()
    await publish(stack.httpUrl, { id: 'mine', type: 'note.written' })
    const site = createServer((_, response) =>
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>evil</title><body>'),
    )
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    evil = `http://evil.example:${(site.address() as AddressInfo).port}`
    browser = await chromium.launch({
      executablePath: chromiumPath() ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP *.example 127.0.0.1'],
    })
    return async () => {
      await browser.close()
      site.close()
      await stack.dispose()
    }
  })

  const attackFrom = async (page: Page, host: string) => {
    const { KAFKA_PORT: _, ...ports } = stack.ports
    return page.evaluate(`${attack}\nattempt(${JSON.stringify({ ports, host, key: API_KEY })})`)
  }
  /** What the stack keeps of others: events, API keys, and how many items a table has that it does not write by itself. */
  const dataOf = async () => {
    const call = async (action: string, body: object) => {
      const headers = { 'x-amz-target': `DynamoDB_20120810.${action}` }
      const url = `http://127.0.0.1:${stack.ports.DYNAMODB_PORT}`
      return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json()
    }
    const { TableNames } = (await call('ListTables', {})) as { TableNames: string[] }
    const names = TableNames.filter((name) => !/-(log|views|keys)$/.test(name))
    const counts = names.map(async (TableName) => {
      const { Count } = (await call('Scan', { TableName, Select: 'COUNT' })) as { Count: number }
      return [TableName, Count]
    })
    const { json } = await get<{ keys: { id: string }[] }>(`${stack.httpUrl}/keys`)
    const keys = json.keys.map(({ id }) => id)
    return { events: await readLog(stack.httpUrl, '**'), keys, tables: await Promise.all(counts) }
  }

  it('reads and writes nothing, whatever it tries', async () => {
    const before = await dataOf()
    const page = await browser.newPage()
    for (const host of ['localhost', '127.0.0.1']) {
      await page.goto(evil)
      expect(await attackFrom(page, host)).toEqual([])
    }
    expect(await dataOf()).toEqual(before)
  })

  it.each(['HTTP_PORT', 'WS_PORT', 'WEB_PORT', 'DYNAMODB_PORT'])(
    'reads and writes nothing if its own name points to loopback: %s',
    async (name) => {
      const before = await dataOf()
      const page = await browser.newPage()
      const response = await page.goto(`http://evil.example:${stack.ports[name]}/`)

      expect(response?.status()).toBe(403)
      expect(await attackFrom(page, 'evil.example')).toEqual([])
      expect(await dataOf()).toEqual(before)
    },
  )

  it('cannot put the page of the stack into a frame', async () => {
    const page = await browser.newPage()
    await page.goto(evil)
    await page.evaluate(`new Promise((resolve) => {
      const frame = document.createElement('iframe')
      frame.src = ${JSON.stringify(stack.webUrl)}
      frame.addEventListener('load', resolve)
      document.body.append(frame)
    })`)

    const framed = page.frames().at(-1)
    expect(await framed?.evaluate('document.body.textContent')).not.toContain('Sign in')
  })
})
