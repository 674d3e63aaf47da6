import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '#shared/client/connect.ts'
import { publish } from '../support/api.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

/** Nothing listens there. */
const REFUSED = 'ws://127.0.0.1:1'

type ReadPage = { readonly events: readonly unknown[]; readonly cursor: string }

describe('a client whose sockets are refused', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack?.dispose())

  it('gets each event with the request that waits for it, and hands over to a socket', async () => {
    const channel = `polling.${randomUUID().slice(0, 8)}`
    const requests: URL[] = []
    const got: unknown[] = []
    let isRefused = true
    const tidewire = connect({
      httpUrl: stack.httpUrl,
      socketUrl: stack.socketUrl,
      credentials: { apiKey: API_KEY },
      openSocket: (url) => new WebSocket(isRefused ? REFUSED : url),
      fetch: (url, init) => {
        // Each try of a socket buys a ticket; these are the reads.
        if (!url.endsWith('/tickets')) requests.push(new URL(url))
        return fetch(url, init)
      },
      random: () => 0.05,
      onError: () => {},
    })
    const held = () => requests.filter(({ searchParams }) => searchParams.has('wait'))
    tidewire.subscribe({ channels: [channel] }, ({ event }) => got.push(event.data))
    tidewire.subscribe({ channels: [`${channel}.other`] }, () => {})
    await expect.poll(() => held().length).toBe(1)
    expect(tidewire.state).toBe('polling')
    expect(requests).toHaveLength(3) // each subscription has read alone once

    await publish(stack.httpUrl, { type: 'polling.test', category: channel, data: { n: 1 } })
    await expect.poll(() => got).toEqual([{ n: 1 }])
    // The request that was under way has brought it, unless its 20 s had just ended. The next one may be under way.
    expect(held().length).toBeLessThanOrEqual(3)
    expect(requests.length - held().length).toBe(2)

    isRefused = false
    await expect.poll(() => tidewire.state, { timeout: 60_000 }).toBe('live')
    const polled = requests.length
    await publish(stack.httpUrl, { type: 'polling.test', category: channel, data: { n: 2 } })
    await expect.poll(() => got).toEqual([{ n: 1 }, { n: 2 }])
    expect(requests).toHaveLength(polled)
    tidewire.close()
  })

  it.each([
    ['over HTTP', REFUSED],
    ['on a socket', null],
  ])(
    'a cursor ahead of the log begins again with what there is, and is told once, %s',
    async (_, refused) => {
      const category = `ahead.${randomUUID().slice(0, 8)}`
      await publish(stack.httpUrl, { type: 'polling.test', category, data: { n: 1 } })
      const read = async (cursor: string) => {
        const url = `${stack.httpUrl}/events/since?channel=${category}&cursor=${cursor}`
        return (await fetch(url, { headers: { 'x-api-key': API_KEY } })).json() as Promise<ReadPage>
      }
      await expect.poll(async () => (await read('')).events.length).toBe(1)
      const { cursor } = await read('')
      // As it was before the log was put back to an earlier state.
      const since = cursor.replaceAll(/=(\d+)/g, (_all, offset) => `=${Number(offset) + 40}`)
      expect(await read(since)).toMatchObject({ recovered: false, reason: 'ahead', cursor })

      const got: unknown[] = []
      const gaps: string[] = []
      const tidewire = connect({
        httpUrl: stack.httpUrl,
        socketUrl: stack.socketUrl,
        credentials: { apiKey: API_KEY },
        openSocket: (url) => new WebSocket(refused ?? url),
        random: () => 0.05,
        onError: () => {},
      })
      const onGap = ({ reason }: { reason: string }) => gaps.push(reason)
      tidewire.subscribe({ channels: [category], since }, ({ event }) => got.push(event.data), { onGap })
      await expect.poll(() => got).toEqual([{ n: 1 }])
      await publish(stack.httpUrl, { type: 'polling.test', category, data: { n: 2 } })
      await expect.poll(() => got).toEqual([{ n: 1 }, { n: 2 }])
      expect(gaps).toEqual(['ahead'])
      tidewire.close()
    },
  )
})
